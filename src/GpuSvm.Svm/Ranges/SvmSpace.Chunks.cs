using System.Buffers;

namespace GpuSvm.Svm;

/// <content>How large a range becomes.</content>
public sealed partial class SvmSpace
{
    /// <summary>Makes the largest range that fits around an address.</summary>
    /// <remarks>
    /// Others may insert ranges meanwhile: where one has come to lie in the way the next smaller chunk is tried, and where one holds the
    /// address that is the result. Source: Linux drm_gpusvm_range_chunk_size.
    /// </remarks>
    private Errno InsertInto(
        SvmNotifier notifier, VirtualAddress address, AddressRange bounds, bool mayMigrate, in SvmContext context, out SvmRange? range)
    {
        // The notifier is aligned and no smaller than a chunk, so it holds each chunk around the address.
        foreach (ulong size in _chunkSizes)
        {
            AddressRange chunk = BlockAround(address, size);
            if (!bounds.Contains(chunk) || !IsFree(notifier, chunk) || !IsTouched(notifier, chunk, context.CheckPagesThreshold))
            {
                continue;
            }

            Errno error = TryMake(notifier, chunk, mayMigrate, out range);
            if (error != Errno.None || TryEnter(range!, address, out SvmRange? found))
            {
                return error;
            }

            range!.Put();
            range = found;
            if (found is not null)
            {
                return Errno.None;
            }
        }

        return TryFind(address, out range) ? Errno.None : Errno.EINVAL;
    }

    private Errno TryMake(SvmNotifier notifier, AddressRange chunk, bool mayMigrate, out SvmRange? range)
    {
        range = null;
        if (!MayAllocate())
        {
            return Errno.ENOMEM;
        }

        Errno error = Operations.TryAllocate(chunk, out object? data);
        if (error == Errno.None)
        {
            range = new SvmRange(notifier, chunk, data, mayMigrate);
        }

        return error;
    }

    private bool IsFree(SvmNotifier notifier, AddressRange chunk)
    {
        using (NotifierLock.Enter())
        {
            return !notifier.Ranges.TryFindFirst(chunk, out _);
        }
    }

    /// <summary>True if the CPU has every page of a chunk; chunks of one page or above the threshold are not looked at.</summary>
    /// <remarks>Source: Linux drm_gpusvm_check_pages, an option for comparison: nothing here needs it.</remarks>
    private bool IsTouched(SvmNotifier notifier, AddressRange chunk, ulong threshold)
    {
        if (chunk.Length == Page.Size || chunk.Length > threshold)
        {
            return true;
        }

        if (!TryRent(chunk, out HmmPfn[] words))
        {
            return false;
        }

        try
        {
            Span<HmmPfn> pages = words.AsSpan(0, (int)chunk.PageCount);
            Deadline deadline = Mm.Clock.After(_options.RetryLimit);
            Errno error = Errno.EBUSY;
            while (error == Errno.EBUSY && notifier.Interval.TryReadBegin(deadline, out long sequence))
            {
                error = deadline.HasPassed ? Errno.ETIMEDOUT : Snapshot(notifier, chunk, sequence, pages);
            }

            return error == Errno.None && AreAllValid(pages);
        }
        finally
        {
            ArrayPool<HmmPfn>.Shared.Return(words);
        }
    }

    private Errno Snapshot(SvmNotifier notifier, AddressRange chunk, long sequence, Span<HmmPfn> pages)
    {
        var asked = new HmmRange
        {
            Notifier = notifier.Interval,
            Sequence = sequence,
            Range = chunk,
            Pfns = pages,
            Owner = _options.Memory?.Owner,
        };
        return HmmRangeFault.Fault(Mm, ref asked);
    }

    private static bool AreAllValid(ReadOnlySpan<HmmPfn> pages)
    {
        foreach (HmmPfn page in pages)
        {
            if (!page.IsValid)
            {
                return false;
            }
        }

        return true;
    }
}
