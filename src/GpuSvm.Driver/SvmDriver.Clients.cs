using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Driver;

/// <content>Clients, which come and go.</content>
public sealed partial class SvmDriver
{
    /// <summary>Starts to mirror an address space.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="client">The mirror, in case of success.</param>
    /// <returns>As <see cref="TryOpen(AddressSpace, SvmClientOptions, out SvmClient?)"/>.</returns>
    public Errno TryOpen(AddressSpace mm, [NotNullWhen(true)] out SvmClient? client) => TryOpen(mm, new SvmClientOptions(), out client);

    /// <summary>Starts to mirror an address space, but for a window that is given as a program gives it.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="unmanaged">First address of the window.</param>
    /// <param name="unmanagedBytes">Size of the window in bytes; 0 for none.</param>
    /// <param name="client">The mirror, in case of success.</param>
    /// <returns>
    /// <see cref="Errno.EINVAL"/> for a window that passes the end of the 64-bit range; else as
    /// <see cref="TryOpen(AddressSpace, SvmClientOptions, out SvmClient?)"/>.
    /// </returns>
    /// <remarks>Source: nouveau_svm.c, nouveau_svmm_init, whose sum may wrap.</remarks>
    public Errno TryOpen(AddressSpace mm, VirtualAddress unmanaged, ulong unmanagedBytes, [NotNullWhen(true)] out SvmClient? client)
    {
        client = null;
        return
            !IsOn ? Errno.ENOSYS :
            AddressRange.TryFromLength(unmanaged, unmanagedBytes, out AddressRange window)
                ? TryOpen(mm, new SvmClientOptions { Unmanaged = window }, out client)
                : Errno.EINVAL;
    }

    /// <summary>Starts to mirror an address space.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="options">How.</param>
    /// <param name="client">The mirror, in case of success.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.ENOSYS"/> when SVM is off; <see cref="Errno.EBUSY"/> when the address space is mirrored
    /// already or the driver is suspended; <see cref="Errno.EIO"/> once the device is lost; <see cref="Errno.EINVAL"/> for a window that is
    /// not made of whole pages or reaches beyond what the GPU can translate; <see cref="Errno.ENOMEM"/>. On failure nothing is left.
    /// </returns>
    public Errno TryOpen(AddressSpace mm, SvmClientOptions options, [NotNullWhen(true)] out SvmClient? client)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(options);
        client = null;
        using (_svmLock.EnterExclusive())
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Errno error = Readiness;
            if (error == Errno.None && _clients.Exists(other => other.Mm == mm))
            {
                error = Errno.EBUSY;
            }

            if (error == Errno.None)
            {
                error = TryMakeClient(mm, options, out client);
            }

            if (client is not null)
            {
                _clients.Add(client);
            }

            return error;
        }
    }

    /// <summary>Ends a mirror: its channels part, its page table is freed, and its faults that the ring still holds are thrown away.</summary>
    /// <remarks>
    /// The ring is emptied as a whole (<see cref="DriverCounters.FlushedEntries"/>) and replayed, so that the accesses of all others report
    /// themselves again. While the driver is suspended the ring is left alone: those faults find no channel when they are served.
    /// Waits for the batch that is being served and for invalidations that run. Idempotent.
    /// </remarks>
    public void Close(SvmClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        using (Breaks.ClosedUnderABatch ? default : _servicing.Enter())
        {
            if (TryTakeOut(client))
            {
                _servicer.ReportAgain();
            }
        }
    }

    private bool TryTakeOut(SvmClient client)
    {
        using (Breaks.ClosedUnderABatch ? default : _svmLock.EnterExclusive())
        {
            if (client.IsDisposed)
            {
                return false;
            }

            foreach (Channel channel in _channels.Of(client))
            {
                _gpu.Cancel(channel.Instance, ProcessEnded);
                PartLocked(channel);
            }

            _clients.Remove(client);
            _invalidationsOfClosed += client.Mirror.Invalidations;
            _rangesMadeForClosed += client.RangeSpace?.RangesMade ?? 0;
            _videoPages?.Remove(client);
            client.Close();
            return true;
        }
    }

    private Errno TryMakeClient(AddressSpace mm, SvmClientOptions options, out SvmClient? client)
    {
        client = null;
        Errno error = GpuAddressSpace.TryCreate(_gpu.PageTableMemory, _gpu.DmaMapper, _gpu, out GpuAddressSpace? space);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            if (!options.Unmanaged.IsPageAligned || !space!.Bounds.Contains(options.Unmanaged))
            {
                return Errno.EINVAL;
            }

            var mirror = new GpuMirror(space, options.Unmanaged, _options.WorkersInUse)
            {
                Events = _options.Events,
                Device = new MirrorDevice(_gpu.DmaMapper, _videoPages?.MemoryFor(mm), _worker, _options.Ranges),
            };
            IMirrorStrategy strategy = _options.Strategy(mm, mirror);
            client = new SvmClient(mm, space, mirror, strategy, options.AdviceOnUnmap);
            _videoPages?.Add(client);
            return Errno.None;
        }
        finally
        {
            if (client is null)
            {
                space!.Dispose();
            }
        }
    }
}
