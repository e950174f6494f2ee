namespace GpuSvm.Driver;

/// <summary>Resolves the fault of one page by copying the CPU's translation into the GPU's page table: the collision-retry protocol.</summary>
/// <remarks>
/// <code>
/// begin: acquire an interval                     from the strategy
/// again: sequence = ReadBegin                    waits out an invalidation that runs
///        HmmRangeFault, mmap lock shared         looks the page up, faults it in where asked
///        update lock
///            ReadRetry(sequence)? → again        an invalidation came between: what was looked up may be stale
///            interval left or shrunk? → begin    the read is good, but nobody would hear of what changes it
///            write the GPU's entries
/// </code>
/// Source: Linux Documentation/mm/hmm.rst; nouveau_svm.c, nouveau_range_fault. Not thread-safe: one fault at a time.
/// </remarks>
internal sealed class FaultResolver(
    AddressSpace mm, GpuMirror mirror, IMirrorStrategy strategy, DriverCounters counters, SvmDriverOptions options)
{
    private readonly HmmPfn[] _hmmPfns = new HmmPfn[options.PagesPerFault];
    private readonly PfnEntry[] _pfns = new PfnEntry[options.PagesPerFault];

    /// <summary>Maps a page with the rights that <paramref name="access"/> needs.</summary>
    /// <remarks>Locking: takes the mmap lock shared and the update lock, one after the other; the SVM lock is held by the caller.</remarks>
    public FaultResult Resolve(VirtualAddress address, FaultAccess access)
    {
        VirtualAddress page = Page.AlignDown(address);
        if (!mirror.Mirrors(page))
        {
            return FaultResult.Fatal(Errno.EINVAL);
        }

        if (mirror.Grants(page, RightsFor(access)))
        {
            return FaultResult.Covered;
        }

        Deadline deadline = options.Clock.After(options.Timeout);
        do
        {
            Errno error = strategy.TryAcquire(AddressRange.PageAt(page), worker: 0, out MirrorInterval interval);
            if (error != Errno.None)
            {
                return FaultResult.Fatal(Errno.EFAULT);
            }

            try
            {
                if (ResolveGuarded(interval, page, access, deadline) is { } result)
                {
                    return result;
                }
            }
            finally
            {
                strategy.Release(interval);
            }
        }
        while (!deadline.HasPassed);

        return FaultResult.Deferred;
    }

    /// <summary>Resolves a fault under an interval.</summary>
    /// <returns>Null if the interval guards the page no longer: another must be acquired.</returns>
    private FaultResult? ResolveGuarded(in MirrorInterval interval, VirtualAddress page, FaultAccess access, Deadline deadline)
    {
        AddressRange block = BlockAround(page, interval);
        do
        {
            if (!interval.Notifier.TryReadBegin(deadline, out long sequence))
            {
                return FaultResult.Deferred;
            }

            Errno error = LookUp(interval, block, page, access, sequence);
            if (error == Errno.EBUSY)
            {
                counters.Retries++;
                if (interval.Notifier.IsRemoved)
                {
                    return null;
                }

                continue;
            }

            if (error != Errno.None)
            {
                return FaultResult.Fatal(error);
            }

            bool asked = Breaks.RetryOutsideTheLock && interval.Notifier.CheckRetry(sequence);
            using (mirror.UpdateLock.Enter())
            {
                if (Breaks.RetryOutsideTheLock ? asked : interval.Notifier.ReadRetry(sequence))
                {
                    counters.Retries++;
                    continue;
                }

                if (interval.Guards(block))
                {
                    return MapLookedUp(block, page, access);
                }

                counters.Retries++;
                return null;
            }
        }
        while (!deadline.HasPassed);

        return FaultResult.Deferred;
    }

    /// <summary>The pages that may be mapped with the one that faulted: those of its block that the interval guards.</summary>
    private AddressRange BlockAround(VirtualAddress page, in MirrorInterval interval)
    {
        ulong size = (ulong)options.PagesPerFault * Page.Size;
        AddressRange block = AddressRange.FromLength(page.Value & ~(size - 1), size);
        block = mirror.MirroredAround(page, block.Intersect(interval.Range));
        return block.IsPageAligned ? block : AddressRange.PageAt(page);
    }

    private Errno LookUp(in MirrorInterval interval, AddressRange block, VirtualAddress page, FaultAccess access, long sequence)
    {
        Span<HmmPfn> words = _hmmPfns.AsSpan(0, (int)block.PageCount);
        words.Clear();
        words[IndexOf(page, block)] = RequestOf(access);
        var range = new HmmRange
        {
            Notifier = interval.Notifier,
            Sequence = sequence,
            Range = block,
            FlagsMask = HmmPfn.RequestFault | HmmPfn.RequestWrite,
            Pfns = words,
        };

        using (mm.MmapLock.EnterShared())
        {
            return HmmRangeFault.Fault(mm, ref range);
        }
    }

    private FaultResult MapLookedUp(AddressRange block, VirtualAddress page, FaultAccess access)
    {
        int index = IndexOf(page, block);
        HmmPfn found = _hmmPfns[index];
        if (!found.IsValid)
        {
            // Only a prefetch asks for nothing; every other access gets its page or an error.
            return access == FaultAccess.Prefetch ? FaultResult.Dropped : FaultResult.Fatal(Errno.EFAULT);
        }

        if (IsWrite(access) && !found.IsWritable)
        {
            return FaultResult.Fatal(Errno.EPERM);
        }

        Span<PfnEntry> entries = _pfns.AsSpan(0, (int)block.PageCount);
        entries[index] = EntryOf(found);
        Errno error = mirror.Map(page, entries.Slice(index, 1));
        if (error != Errno.None || !entries[index].IsValid)
        {
            return FaultResult.Fatal(error == Errno.None ? Errno.EFAULT : error);
        }

        counters.PagesMapped += MapAround(block, index, entries);
        return FaultResult.Resolved;
    }

    /// <summary>Maps the pages around the one that faulted that the CPU holds and the GPU does not, as far as there is room for them.</summary>
    /// <returns>Number of pages that were mapped.</returns>
    private int MapAround(AddressRange block, int index, Span<PfnEntry> entries)
    {
        int mapped = 0;
        for (int first = 0; first < entries.Length;)
        {
            // An entry that names no page would take back what is mapped there: only runs of wanted ones are passed.
            int end = first;
            while (end < entries.Length && end != index && IsWanted(block, end))
            {
                entries[end] = EntryOf(_hmmPfns[end]);
                end++;
            }

            Span<PfnEntry> run = entries[first..end];
            mapped += run.IsEmpty || mirror.Map(block.Start + ((ulong)first * Page.Size), run) != Errno.None ? 0 : run.Length;
            first = end + 1;
        }

        return mapped;
    }

    private bool IsWanted(AddressRange block, int i) => _hmmPfns[i].IsValid && !mirror.IsMapped(block.Start + ((ulong)i * Page.Size));

    /// <summary>Where the CPU may write the GPU may, and atomically: else the first store to a page that was read faults again.</summary>
    private static PfnEntry EntryOf(HmmPfn found) =>
        PfnEntry.Host(found.Frame, RightsFor(found.IsWritable ? FaultAccess.Atomic : FaultAccess.Read));

    private static int IndexOf(VirtualAddress page, AddressRange block) => (int)((page.Value - block.Start.Value) >> Page.Shift);

    private static HmmPfn RequestOf(FaultAccess access) => access switch
    {
        FaultAccess.Read => HmmPfn.RequestFault,
        FaultAccess.Prefetch => default,
        _ => HmmPfn.RequestFault | HmmPfn.RequestWrite,
    };

    private static TranslationRights RightsFor(FaultAccess access) => access switch
    {
        FaultAccess.Write => TranslationRights.Read | TranslationRights.Write,
        FaultAccess.Atomic => TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic,
        _ => TranslationRights.Read,
    };

    private static bool IsWrite(FaultAccess access) => access is FaultAccess.Write or FaultAccess.Atomic;
}
