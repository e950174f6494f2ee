namespace GpuSvm.HmmTests;

/// <content>The device's memory is emptied and given back.</content>
public sealed partial class TestDevice
{
    private const int ReleasePages = 512;

    // One at a time; no fault of the CPU takes it.
    private readonly RankedLock _releaseLock = new(LockRank.DriverSvm);

    /// <summary>Moves every page home, whoever maps it, and gives all chunks back.</summary>
    /// <returns>EBUSY when a page was held by somebody until the deadline; ENOMEM when it found no frame.</returns>
    /// <remarks>Departure: Linux waits for memory as long as it takes. Source: Linux dmirror_device_remove_chunks.</remarks>
    internal Errno Release(Deadline deadline)
    {
        using (_releaseLock.Enter())
        {
            foreach (DeviceChunk chunk in Memory.Chunks)
            {
                Memory.Retire(chunk);
                Errno error = Empty(chunk, deadline);
                if (error != Errno.None)
                {
                    return error;
                }

                Memory.Remove(chunk);
            }
        }

        return Errno.None;
    }

    private Errno Empty(DeviceChunk chunk, Deadline deadline)
    {
        var migration = new MigrateFrames(Frames, ReleasePages);
        var spin = default(Spin);
        while (!deadline.HasPassed)
        {
            for (ulong offset = 0; offset < DeviceChunk.PageCount; offset += ReleasePages)
            {
                if (chunk.Pagemap.UsedFrames == 0)
                {
                    return Errno.None;
                }

                migration.Setup(chunk.Pagemap.FirstFrame + offset, ReleasePages);
                Errno error = CopyToSystem(migration.Source, migration.Destination, file: null);
                migration.MigratePages();
                migration.Complete();
                if (error != Errno.None)
                {
                    return error;
                }
            }

            // What is left is about to move, or to be freed.
            spin.Once();
        }

        return Errno.EBUSY;
    }
}
