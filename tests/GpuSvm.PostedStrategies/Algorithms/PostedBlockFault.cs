namespace GpuSvm.PostedStrategies;

/// <summary>A fault that maps 2 MiB under an interval of the 4 KiB that faulted, as nouveau_svm.c does for a large page: D05, on purpose.</summary>
/// <param name="mm">The process's address space.</param>
/// <param name="mirror">The GPU's entries for it; a plain notifier drops them.</param>
/// <param name="strategy">Names the interval of the page that faulted.</param>
internal sealed class PostedBlockFault(AddressSpace mm, GpuMirror mirror, IMirrorStrategy strategy)
{
    private const ulong BlockSize = 2 << 20;
    private readonly HmmPfn[] _words = new HmmPfn[BlockSize / Page.Size];
    private readonly PfnEntry[] _entries = new PfnEntry[BlockSize / Page.Size];

    /// <summary>Maps the block of a page for reading, as far as the CPU holds it.</summary>
    public Errno Resolve(VirtualAddress page)
    {
        AddressRange block = AddressRange.FromLength(page.Value & ~(BlockSize - 1), BlockSize);
        Errno error = strategy.TryAcquire(AddressRange.PageAt(page), worker: 0, out MirrorInterval interval);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            Deadline deadline = Clock.Monotonic.After(Deadline.Default);
            while (interval.Notifier.TryReadBegin(deadline, out long sequence))
            {
                error = LookUp(interval.Notifier, sequence, block, page);
                if (error is not (Errno.None or Errno.EBUSY))
                {
                    return error;
                }

                using (mirror.UpdateLock.Enter())
                {
                    if (!interval.Notifier.ReadRetry(sequence))
                    {
                        return Map(block);
                    }
                }
            }

            return Errno.EBUSY;
        }
        finally
        {
            strategy.Release(interval);
        }
    }

    private Errno LookUp(IntervalNotifier notifier, long sequence, AddressRange block, VirtualAddress page)
    {
        _words.AsSpan().Clear();
        _words[(page.Value - block.Start.Value) >> Page.Shift] = HmmPfn.RequestFault;
        var range = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = block,
            FlagsMask = HmmPfn.RequestFault,
            Pfns = _words,
        };
        using (mm.MmapLock.EnterShared())
        {
            return HmmRangeFault.Fault(mm, ref range);
        }
    }

    private Errno Map(AddressRange block)
    {
        for (int i = 0; i < _entries.Length; i++)
        {
            _entries[i] = _words[i].IsValid ? PfnEntry.Host(_words[i].Frame, TranslationRights.Read) : default;
        }

        return mirror.Map(block.Start, _entries);
    }
}
