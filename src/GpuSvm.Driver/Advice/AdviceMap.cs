namespace GpuSvm.Driver;

/// <summary>What was advised of which addresses: runs in order, of which neighbours that say the same are one.</summary>
/// <remarks>
/// A sorted array that a change replaces as a whole: looked up in O(log n) without a lock or an allocation, changed in O(n), which
/// a limit bounds. Locking: changes take a lock of rank <see cref="LockRank.Device"/>, so they may come out of a notifier.
/// </remarks>
/// <param name="limit">Most runs that say something.</param>
internal sealed class AdviceMap(int limit = AdviceMap.DefaultLimit)
{
    /// <summary>As many runs as a process may have mappings. Source: Linux vm.max_map_count.</summary>
    public const int DefaultLimit = 65_530;

    private static readonly VirtualAddress Last = Page.AlignDown(ulong.MaxValue);
    private readonly RankedLock _lock = new(LockRank.Device);
    private AdviceRun[] _runs = [];

    /// <summary>Number of runs that say something.</summary>
    public int Count => SharedWord.Read(ref _runs).Length;

    /// <summary>What holds at an address.</summary>
    /// <param name="address">Any address below the last page of the 64-bit range.</param>
    /// <param name="extent">All that is advised alike around it, page-aligned.</param>
    public MemoryAdvice At(VirtualAddress address, out AddressRange extent)
    {
        AdviceRun[] runs = SharedWord.Read(ref _runs);
        int index = IndexAbove(runs, address);
        if (index < runs.Length && runs[index].Range.Contains(address))
        {
            extent = runs[index].Range;
            return runs[index].Advice;
        }

        extent = new AddressRange(index > 0 ? runs[index - 1].Range.End : 0UL, index < runs.Length ? runs[index].Range.Start : Last);
        return MemoryAdvice.None;
    }

    /// <summary>What holds in a range: runs that cover it, those included of which nothing is said.</summary>
    public List<AdviceRun> In(AddressRange range)
    {
        AdviceRun[] runs = SharedWord.Read(ref _runs);
        List<AdviceRun> found = [];
        VirtualAddress covered = range.Start;
        for (int i = IndexAbove(runs, range.Start); i < runs.Length && runs[i].Range.Start < range.End; i++)
        {
            AddressRange part = runs[i].Range.Intersect(range);
            Append(found, new AddressRange(covered, part.Start), MemoryAdvice.None);
            Append(found, part, runs[i].Advice);
            covered = part.End;
        }

        Append(found, new AddressRange(covered, range.End), MemoryAdvice.None);
        return found;
    }

    /// <summary>Says something of a range.</summary>
    /// <param name="range">Page-aligned, not empty.</param>
    /// <param name="advice">What holds there from now on.</param>
    /// <param name="changed">Where something else was said before.</param>
    /// <returns>ENOMEM when there would be too many runs: then nothing has changed.</returns>
    public Errno TrySet(AddressRange range, MemoryAdvice advice, out List<AddressRange> changed)
    {
        using (_lock.Enter())
        {
            changed = PartsUnlike(range, advice);
            if (changed.Count == 0)
            {
                return Errno.None;
            }

            AdviceRun[] after = With(_runs, range, advice);
            if (after.Length > limit && after.Length > _runs.Length)
            {
                changed = [];
                return Errno.ENOMEM;
            }

            SharedWord.Write(ref _runs, after);
            return Errno.None;
        }
    }

    /// <summary>Forgets what was said of a range.</summary>
    /// <remarks>A cut in the middle of a run makes one more, also above the limit: it happens on an unmap, which cannot fail.</remarks>
    public void Forget(AddressRange range)
    {
        using (_lock.Enter())
        {
            if (At(range.Start, out AddressRange extent) != MemoryAdvice.None || extent.End < range.End)
            {
                SharedWord.Write(ref _runs, With(_runs, range, MemoryAdvice.None));
            }
        }
    }

    private List<AddressRange> PartsUnlike(AddressRange range, MemoryAdvice advice)
    {
        List<AddressRange> parts = [];
        foreach (AdviceRun run in In(range))
        {
            if (run.Advice == advice)
            {
                continue;
            }

            if (parts.Count > 0 && parts[^1].End == run.Range.Start)
            {
                parts[^1] = new AddressRange(parts[^1].Start, run.Range.End);
            }
            else
            {
                parts.Add(run.Range);
            }
        }

        return parts;
    }

    /// <summary>The runs as they are with another advice in a range.</summary>
    private static AdviceRun[] With(AdviceRun[] runs, AddressRange range, MemoryAdvice advice)
    {
        int first = IndexAbove(runs, range.Start);
        int end = first;
        while (end < runs.Length && runs[end].Range.Start < range.End)
        {
            end++;
        }

        // A neighbour on each side may become one with what comes beside it.
        int before = Math.Max(first - 1, 0);
        int behind = Math.Min(end + 1, runs.Length);
        List<AdviceRun> parts = [];
        foreach (AdviceRun run in runs.AsSpan(before, end - before))
        {
            AppendSaid(parts, run.Range.Intersect(new AddressRange(0UL, range.Start)), run.Advice);
        }

        AppendSaid(parts, range, advice);
        foreach (AdviceRun run in runs.AsSpan(first, behind - first))
        {
            AppendSaid(parts, run.Range.Intersect(new AddressRange(range.End, ulong.MaxValue)), run.Advice);
        }

        return [.. runs.AsSpan(0, before), .. parts, .. runs.AsSpan(behind)];
    }

    private static void AppendSaid(List<AdviceRun> runs, AddressRange range, MemoryAdvice advice)
    {
        if (advice != MemoryAdvice.None)
        {
            Append(runs, range, advice);
        }
    }

    /// <summary>Adds a run behind the others, as one with the last if they say the same.</summary>
    private static void Append(List<AdviceRun> runs, AddressRange range, MemoryAdvice advice)
    {
        if (range.IsEmpty)
        {
            return;
        }

        if (runs.Count > 0 && runs[^1] is var last && last.Advice == advice && last.Range.End == range.Start)
        {
            runs[^1] = last with { Range = new AddressRange(last.Range.Start, range.End) };
        }
        else
        {
            runs.Add(new AdviceRun(range, advice));
        }
    }

    /// <summary>Index of the first run that ends above an address; their number when there is none.</summary>
    private static int IndexAbove(AdviceRun[] runs, VirtualAddress address)
    {
        int low = 0;
        int high = runs.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = runs[middle].Range.End > address ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
