namespace GpuSvm.Driver;

/// <content>Pages of the device's own memory that may only be read there.</content>
internal sealed partial class BlockService
{
    /// <summary>Brings the pages home that are shared for reading and wanted for writing; then they are looked up again, and copied.</summary>
    private void BringWantedHome()
    {
        foreach (ref PageGroup group in Groups)
        {
            if (group.State != PageState.WantedHome)
            {
                continue;
            }

            group.State = PageState.Pending;
            Errno error;
            using (_client.Mm.MmapLock.EnterShared())
            {
                error = _client.Mm.HandleFaultLocked(AddressOf(group.Page), CpuAccess.Write);
            }

            if (error == Errno.EFAULT)
            {
                // What is wanted for writing may only be read.
                Finish(ref group, FaultResult.Fatal(Errno.EPERM));
            }
            else if (error is not (Errno.None or Errno.EAGAIN or Errno.EBUSY))
            {
                Finish(ref group, FaultResult.Fatal(error));
            }
        }
    }

    /// <summary>Moves the pages to the device that it can use nowhere else; then they are looked up again.</summary>
    /// <remarks>A page that does not move, since somebody holds it for a moment, is asked for again until the deadline.</remarks>
    private void MoveWantedToDevice()
    {
        foreach (ref PageGroup group in Groups)
        {
            if (group.State != PageState.WantedOnDevice)
            {
                continue;
            }

            group.State = PageState.Pending;
            DeviceMigrationResult moved = _client.DevicePages!.MoveToDevice(_client.Mm, AddressRange.PageAt(AddressOf(group.Page)));
            if (moved.Pages == 0 && moved.Error is not (Errno.None or Errno.EBUSY or Errno.ENOMEM))
            {
                Finish(ref group, FaultResult.Fatal(moved.Error));
            }
        }
    }

    /// <summary>True for a page in the device's own memory, or in that of a peer which the CPU does not reach.</summary>
    private bool IsOnDevice(HmmPfn found) =>
        _client.Mm.Frames.IsDevicePrivate(found.Frame) || (_client.DevicePages is { } own && own.TryGetVideoAddress(found.Frame, out _));
}
