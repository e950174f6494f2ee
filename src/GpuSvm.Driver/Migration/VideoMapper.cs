namespace GpuSvm.Driver;

/// <summary>Enters pages that live in the GPU's own memory in a client's page table, before the GPU asks for them.</summary>
/// <remarks>
/// Nothing is faulted in, and a page that is not to be had stays for a fault: best effort. Follows the collision-retry protocol as a fault
/// does, as worker 0 of the client's strategy: the servicer stands still meanwhile. Source: nouveau_svm.c, nouveau_pfns_map, which maps
/// between the two last steps of a migration and so relies on nobody changing the page until it has ended.
/// </remarks>
internal sealed class VideoMapper(Clock clock, TimeSpan timeout)
{
    private readonly HmmPfn[] _found = new HmmPfn[HugePage.PageCount];
    private readonly PfnEntry[] _entries = new PfnEntry[HugePage.PageCount];
    private SvmClient _client = null!;
    private IDevicePages _pages = null!;

    /// <summary>Maps those pages of a range that live in video memory.</summary>
    /// <returns>Number of pages.</returns>
    public long Map(SvmClient client, IDevicePages pages, AddressRange range)
    {
        _client = client;
        _pages = pages;
        long mapped = 0;
        ulong address = range.Start;
        while (TryNextPiece(range, ref address, out AddressRange piece))
        {
            mapped += _client.Mirror.Mirrors(piece) ? MapPiece(piece) : 0;
        }

        return mapped;
    }

    /// <summary>The next pages of one mapping that lie in one block of 2 MiB.</summary>
    private bool TryNextPiece(AddressRange range, ref ulong address, out AddressRange piece)
    {
        piece = default;
        using (_client.Mm.MmapLock.EnterShared())
        {
            if (address >= range.End.Value || _client.Mm.NextVma(address) is not { } vma || vma.Range.Start >= range.End)
            {
                return false;
            }

            ulong start = Math.Max(address, vma.Range.Start);
            address = Math.Min(Math.Min(vma.Range.End, range.End), HugePage.AlignDown(start) + HugePage.Size);
            piece = new AddressRange(start, address);
            return true;
        }
    }

    private long MapPiece(AddressRange piece)
    {
        long mapped = 0;
        while (!piece.IsEmpty && _client.Strategy.TryAcquire(piece, worker: 0, out MirrorInterval interval) == Errno.None)
        {
            AddressRange guarded = piece.Intersect(interval.Range);
            try
            {
                mapped += MapGuarded(interval, guarded);
            }
            finally
            {
                _client.Strategy.Release(interval);
            }

            piece = guarded.IsEmpty ? default : new AddressRange(guarded.End, piece.End);
        }

        return mapped;
    }

    private long MapGuarded(in MirrorInterval interval, AddressRange range)
    {
        Deadline deadline = clock.After(timeout);
        do
        {
            if (!interval.Notifier.TryReadBegin(deadline, out long sequence))
            {
                return 0;
            }

            Errno error = LookUp(interval, sequence, range);
            if (error == Errno.None)
            {
                using (_client.Mirror.UpdateLock.Enter())
                {
                    if (!interval.Notifier.ReadRetry(sequence))
                    {
                        return interval.Guards(range) ? MapFound(range) : 0;
                    }
                }
            }
            else if (error != Errno.EBUSY)
            {
                return 0;
            }
        }
        while (!deadline.HasPassed && !interval.Notifier.IsRemoved);

        return 0;
    }

    private Errno LookUp(in MirrorInterval interval, long sequence, AddressRange range)
    {
        Span<HmmPfn> words = _found.AsSpan(0, (int)range.PageCount);
        words.Clear();
        var asked = new HmmRange
        {
            Notifier = interval.Notifier,
            Sequence = sequence,
            Range = range,
            Pfns = words,
            Owner = _pages.Owner,
        };
        using (_client.Mm.MmapLock.EnterShared())
        {
            return HmmRangeFault.Fault(_client.Mm, ref asked);
        }
    }

    /// <summary>Maps what was found, run by run: an entry that names no page would take back what is mapped there.</summary>
    private long MapFound(AddressRange range)
    {
        long mapped = 0;
        int count = (int)range.PageCount;
        if (IsWhole(range) && TryEncode(_found[0], out _entries[0]))
        {
            return _client.Mirror.MapHuge(range.Start, _entries.AsSpan(0, 1)) == Errno.None ? count : 0;
        }

        for (int first = 0, end; first < count; first = end + 1)
        {
            end = first;
            while (end < count && TryEncode(_found[end], out _entries[end]))
            {
                end++;
            }

            Span<PfnEntry> run = _entries.AsSpan(first, end - first);
            bool isMapped = !run.IsEmpty && _client.Mirror.Map(range.Start + ((ulong)first << Page.Shift), run) == Errno.None;
            mapped += isMapped ? run.Length : 0;
        }

        return mapped;
    }

    /// <summary>True if a range is one huge page, which lies in one block of 2 MiB of the GPU's memory.</summary>
    private bool IsWhole(AddressRange range) => range.PageCount == HugePage.PageCount && _found[0].IsValid && _found[0].Order == HugePage.Order;

    private bool TryEncode(HmmPfn found, out PfnEntry entry)
    {
        bool isOwn = _pages.TryGetVideoAddress(found.Frame, out ulong address) && found.IsValid;
        entry = isOwn ? PfnEntry.VideoMemory(address, FaultRights.NeededBy(found.IsWritable ? FaultAccess.Atomic : FaultAccess.Read)) : default;
        return isOwn;
    }
}
