namespace GpuSvm.Driver;

/// <content>Pages of the device's own memory that are not to be used there: they may only be read, or were advised to be at home.</content>
internal sealed partial class BlockService
{
    /// <summary>Brings pages home; then they are looked up again, and copied where they are shared and wanted for writing.</summary>
    /// <remarks>Advice is tried once, and no fault fails by it.</remarks>
    private void BringWantedHome()
    {
        foreach (ref PageGroup group in Groups)
        {
            if (group.State != PageState.WantedHome)
            {
                continue;
            }

            bool isAdvised = IsAdvisedHome(group);
            CpuAccess access = FaultRights.IsWrite(AccessOf(group)) ? CpuAccess.Write : CpuAccess.Read;
            group.State = PageState.Pending;
            group.IsInPlace |= isAdvised;
            Errno error;
            using (_client.Mm.MmapLock.EnterShared())
            {
                error = _client.Mm.HandleFaultLocked(AddressOf(group.Page), access);
            }

            if (isAdvised)
            {
                continue;
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

    /// <summary>True for a page in the device's own memory, or in that of a peer which the CPU does not reach.</summary>
    private bool IsOnDevice(HmmPfn found) =>
        _client.Mm.Frames.IsDevicePrivate(found.Frame) || (_client.DevicePages is { } own && own.TryGetVideoAddress(found.Frame, out _));
}
