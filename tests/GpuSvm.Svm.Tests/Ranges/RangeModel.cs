namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>What must be there: pages in a dictionary, and ranges in a list.</summary>
internal sealed class RangeModel(int[] chunks, int windowPages, PartialUnmap partial)
{
    /// <summary>What the CPU's mappings allow, by page. Neighbours with the same rights are one mapping.</summary>
    public Dictionary<int, Protection> Mapped { get; } = [];

    public List<ModelRange> Ranges { get; } = [];

    public PartialUnmap Partial => partial;

    /// <summary>The last call had to bring pages home first.</summary>
    public bool HasSentHome { get; set; }

    public Protection RightsAt(int page) => Mapped.GetValueOrDefault(page);

    public ModelRange? At(int page) => Ranges.Find(range => range.Contains(page));

    public Protection RightsOf(ModelRange range) =>
        Enumerable.Range(range.First, range.Count).Aggregate(Protection.ReadWrite, (rights, page) => rights & RightsAt(page));

    /// <summary>The pages around one that a range may lie in: those of its mapping and of both windows.</summary>
    public (int First, int End) BoundsOf(int page, (int First, int End) window)
    {
        int first = page;
        int end = page + 1;
        while (first > Math.Max(window.First, 0) && RightsAt(first - 1) == RightsAt(page))
        {
            first--;
        }

        while (end < Math.Min(window.End, windowPages) && RightsAt(end) == RightsAt(page))
        {
            end++;
        }

        return (first, end);
    }

    /// <summary>Pages of the largest aligned chunk in some bounds that holds a page and no other range's.</summary>
    public int ChunkFor(int page, (int First, int End) bounds) => chunks.First(count =>
        page / count * count >= bounds.First && (page / count * count) + count <= bounds.End &&
        Enumerable.Range(page / count * count, count).All(other => At(other) is null));

    public void Unmap(int first, int count)
    {
        if (Enumerable.Range(first, count).Any(Mapped.ContainsKey))
        {
            foreach (ModelRange range in Ranges.FindAll(range => range.Overlaps(first, count)))
            {
                range.IsMarked = true;
                range.IsPartial |= first > range.First || first + count < range.First + range.Count;
            }
        }

        foreach (int page in Enumerable.Range(first, count))
        {
            Mapped.Remove(page);
        }
    }

    /// <summary>What becomes of a range that is marked, or reaches beyond some bounds.</summary>
    /// <param name="valid">Its pages that are mapped for the device.</param>
    public void Fit(ModelRange range, (int First, int End) bounds, ICollection<int> valid)
    {
        List<(int First, int Count)> parts = partial == PartialUnmap.DropRange ? [] : Parts(range, bounds);
        bool isGone = range.IsMarked && !range.IsPartial;
        if (!isGone && parts is [(var first, var count)] && (first, count) == (range.First, range.Count))
        {
            range.IsMarked = false;
            range.IsPartial = false;
            return;
        }

        Ranges.Remove(range);
        foreach ((int at, int size) in parts.SelectMany(part => Decompose(part.First, part.Count)))
        {
            if (Enumerable.Range(at, size).Any(valid.Contains))
            {
                Ranges.Add(new ModelRange(at, size));
            }
        }
    }

    /// <summary>The parts of a range that lie in one mapping each, and on one side of the ends of some bounds.</summary>
    private List<(int First, int Count)> Parts(ModelRange range, (int First, int End) bounds)
    {
        List<(int First, int Count)> parts = [];
        for (int page = range.First; page < range.First + range.Count; page++)
        {
            bool isNext = parts.Count > 0 && parts[^1].First + parts[^1].Count == page && RightsAt(page) == RightsAt(page - 1) &&
                page != bounds.First && page != bounds.End;
            if (isNext)
            {
                parts[^1] = (parts[^1].First, parts[^1].Count + 1);
            }
            else if (Mapped.ContainsKey(page))
            {
                parts.Add((page, 1));
            }
        }

        return parts;
    }

    /// <summary>The largest aligned chunks from the start on.</summary>
    private IEnumerable<(int First, int Count)> Decompose(int first, int count)
    {
        for (int end = first + count; first < end;)
        {
            int at = first;
            int size = chunks.First(chunk => at % chunk == 0 && at + chunk <= end);
            yield return (first, size);
            first += size;
        }
    }

    /// <summary>A range of the model.</summary>
    internal sealed class ModelRange(int first, int count)
    {
        public int First => first;

        public int Count => count;

        /// <summary>The range itself, once it was seen.</summary>
        public SvmRange? Real { get; set; }

        /// <summary>The CPU has unmapped some of it.</summary>
        public bool IsMarked { get; set; }

        /// <summary>And not all of it at once.</summary>
        public bool IsPartial { get; set; }

        public bool Contains(int page) => page >= first && page < first + count;

        public bool Overlaps(int other, int pages) => other < first + count && other + pages > first;
    }
}
