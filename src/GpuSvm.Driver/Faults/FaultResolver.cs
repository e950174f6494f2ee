namespace GpuSvm.Driver;

/// <summary>Resolves the fault of one page by copying the CPU's translation into the GPU's page table: the collision-retry protocol.</summary>
/// <remarks>
/// <code>
/// again: sequence = ReadBegin                    waits out an invalidation that runs
///        HmmRangeFault, mmap lock shared         looks the page up, faults it in where asked
///        update lock
///            ReadRetry(sequence)? → again        an invalidation came between: what was looked up may be stale
///            write the GPU's entry
/// </code>
/// Source: Linux Documentation/mm/hmm.rst; nouveau_svm.c, nouveau_range_fault. Not thread-safe: one fault at a time.
/// </remarks>
internal sealed class FaultResolver(
    AddressSpace mm, GpuMirror mirror, IMirrorStrategy strategy, DriverCounters counters, SvmDriverOptions options)
{
    private readonly HmmPfn[] _hmmPfns = new HmmPfn[1];
    private readonly PfnEntry[] _pfns = new PfnEntry[1];

    /// <summary>Maps a page with the rights that <paramref name="access"/> needs.</summary>
    /// <remarks>Locking: takes the mmap lock shared and the update lock, one after the other; the SVM lock is held by the caller.</remarks>
    public FaultResult Resolve(VirtualAddress address, FaultAccess access)
    {
        VirtualAddress page = Page.AlignDown(address);
        if (!mirror.Bounds.Contains(page))
        {
            return FaultResult.Fatal(Errno.EINVAL);
        }

        if (mirror.Grants(page, RightsFor(access)))
        {
            return FaultResult.Covered;
        }

        Errno error = strategy.TryAcquire(page, out MirrorInterval interval);
        if (error != Errno.None)
        {
            return FaultResult.Fatal(Errno.EFAULT);
        }

        try
        {
            return ResolveGuarded(interval, page, access);
        }
        finally
        {
            strategy.Release(interval);
        }
    }

    private FaultResult ResolveGuarded(in MirrorInterval interval, VirtualAddress page, FaultAccess access)
    {
        Deadline deadline = options.Clock.After(options.Timeout);
        do
        {
            if (!interval.Notifier.TryReadBegin(deadline, out long sequence))
            {
                return FaultResult.Deferred;
            }

            Errno error = LookUp(interval, page, access, sequence);
            if (error == Errno.EBUSY)
            {
                counters.Retries++;
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

                return MapLookedUp(page, access);
            }
        }
        while (!deadline.HasPassed);

        return FaultResult.Deferred;
    }

    private Errno LookUp(in MirrorInterval interval, VirtualAddress page, FaultAccess access, long sequence)
    {
        _hmmPfns[0] = default;
        var range = new HmmRange
        {
            Notifier = interval.Notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(page),
            DefaultFlags = RequestOf(access),
            Pfns = _hmmPfns,
        };

        using (mm.MmapLock.EnterShared())
        {
            return HmmRangeFault.Fault(mm, ref range);
        }
    }

    private FaultResult MapLookedUp(VirtualAddress page, FaultAccess access)
    {
        HmmPfn found = _hmmPfns[0];
        if (!found.IsValid)
        {
            // Only a prefetch asks for nothing; every other access gets its page or an error.
            return access == FaultAccess.Prefetch ? FaultResult.Dropped : FaultResult.Fatal(Errno.EFAULT);
        }

        if (IsWrite(access) && !found.IsWritable)
        {
            return FaultResult.Fatal(Errno.EPERM);
        }

        // Where the CPU may write the GPU may, and atomically: else the first store to a page that was read faults again.
        TranslationRights rights = RightsFor(found.IsWritable ? FaultAccess.Atomic : FaultAccess.Read);
        _pfns[0] = PfnEntry.Host(found.Frame, rights);
        Errno error = mirror.Map(page, _pfns);
        return error == Errno.None && _pfns[0].IsValid ? FaultResult.Resolved : FaultResult.Fatal(error == Errno.None ? Errno.EFAULT : error);
    }

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
