namespace GpuSvm.Driver;

/// <content>Pages come to the GPU's own memory because a program asks for it.</content>
public sealed partial class SvmDriver
{
    /// <summary>The GPU's own memory as a place where pages live; null without <see cref="SvmDriverOptions.DevicePages"/>.</summary>
    public DeviceMemory? DeviceMemory => _videoPages?.Memory;

    /// <summary>Moves the pages of a range to the GPU's memory, across mappings, and maps them there.</summary>
    /// <param name="client">Whose pages: those of its address space, whoever asks.</param>
    /// <param name="request">What is asked for. Holes are passed over.</param>
    /// <returns>
    /// How many pages have moved, how many are mapped, and the first error; <see cref="Errno.EBUSY"/> while the driver is suspended and
    /// <see cref="Errno.EIO"/> once the device is lost: then none.
    /// </returns>
    /// <remarks>
    /// Faults are served meanwhile, but for the moment in which pages are mapped. Locking: no lock held on entry.
    /// Source: nouveau_svm.c, nouveau_svmm_bind, which reports neither errors nor pages, and moves the caller's.
    /// </remarks>
    public BindResult Bind(SvmClient client, in BindRequest request)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!request.TryRead(out AddressRange range))
        {
            return new BindResult(0, 0, Errno.EINVAL);
        }

        DeviceMigrationResult moved;
        using (_svmLock.EnterShared())
        {
            if (client.IsDisposed || _videoPages is null || client.DevicePages is null)
            {
                return new BindResult(0, 0, client.IsDisposed ? Errno.EINVAL : Errno.ENOSYS);
            }

            Errno error = Readiness;
            if (error != Errno.None)
            {
                return new BindResult(0, 0, error);
            }

            moved = _videoPages.Memory.MigrateToDevice(client.Mm, range);
            SharedWord.Add(ref _pagesRequested, moved.Pages);
        }

        return new BindResult(moved.Pages, MapVideoPages(client, range), moved.Error);
    }

    /// <summary>Maps what lives in the GPU's memory. While no fault is served: the client's strategy knows one worker 0.</summary>
    private long MapVideoPages(SvmClient client, AddressRange range)
    {
        using (_servicing.Enter())
        using (_svmLock.EnterShared())
        {
            bool canMap = !client.IsDisposed && Readiness == Errno.None;
            return canMap ? _videoMapper.Map(client, client.DevicePages!, range) : 0;
        }
    }
}
