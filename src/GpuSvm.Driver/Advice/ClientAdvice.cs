namespace GpuSvm.Driver;

/// <summary>The advice of one client: kept beside its mappings, and forgotten with them where the options say so.</summary>
/// <remarks>
/// It belongs to addresses of one process on one device: a forked child begins without, and what mremap moves leaves it behind.
/// </remarks>
internal sealed class ClientAdvice(AddressSpace mm, GpuMirror mirror, AdviceOnUnmap onUnmap) : IAddressSpaceNotifier
{
    private readonly AdviceMap _map = new();
    private int _listens;

    /// <summary>As <see cref="AdviceMap.At"/>.</summary>
    public MemoryAdvice At(VirtualAddress address, out AddressRange extent) => _map.At(address, out extent);

    /// <summary>As <see cref="AdviceMap.In"/>.</summary>
    public List<AdviceRun> In(AddressRange range) => _map.In(range);

    /// <summary>Says something of a range, and has the GPU ask anew for what of it was advised otherwise.</summary>
    /// <returns>EINVAL: the address space has ended. ENOMEM: not all of it is mapped, or there are too many runs; then nothing has changed.</returns>
    /// <remarks>Locking: takes the mmap lock shared, so that no unmap comes between; within it the update lock.</remarks>
    public Errno TryAdvise(AddressRange range, MemoryAdvice advice)
    {
        using (mm.MmapLock.EnterShared())
        {
            if (!IsMapped(range))
            {
                return Errno.ENOMEM;
            }

            Listen();
            Errno error = _map.TrySet(range, advice, out List<AddressRange> changed);
            if (changed.Count > 0)
            {
                Drop(changed);
            }

            return error;
        }
    }

    /// <summary>No unmap is heard any more.</summary>
    /// <remarks>Locking: waits; as <see cref="IntervalNotifiers.RemovePlain"/>.</remarks>
    public void End()
    {
        if (SharedWord.Exchange(ref _listens, 0) != 0)
        {
            mm.Notifiers.RemovePlain(this);
        }
    }

    /// <inheritdoc/>
    public bool InvalidateStart(in Invalidation invalidation)
    {
        if (invalidation.Cause == InvalidationCause.Unmap)
        {
            _map.Forget(invalidation.Range);
        }

        return true;
    }

    /// <inheritdoc/>
    public void InvalidateEnd(in Invalidation invalidation)
    {
    }

    /// <summary>From the first advice on, and not before: whoever gives none pays nothing.</summary>
    private void Listen()
    {
        if (onUnmap == AdviceOnUnmap.Reset && SharedWord.Exchange(ref _listens, 1) == 0)
        {
            mm.Notifiers.AddPlain(this);
        }
    }

    private bool IsMapped(AddressRange range)
    {
        VirtualAddress covered = range.Start;
        while (covered < range.End)
        {
            if (mm.VmaAt(covered) is not { } vma)
            {
                return false;
            }

            covered = vma.Range.End;
        }

        return true;
    }

    /// <summary>Drops the GPU's entries of ranges: its next touch is a fault, at which the advice is looked at.</summary>
    private void Drop(List<AddressRange> ranges)
    {
        using (mirror.UpdateLock.Enter())
        {
            foreach (AddressRange range in ranges)
            {
                if (mirror.HasEntries(range))
                {
                    mirror.Drop(range);
                }
            }
        }
    }
}
