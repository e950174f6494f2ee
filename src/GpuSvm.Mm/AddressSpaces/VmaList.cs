namespace GpuSvm.Mm;

/// <summary>The mappings of an address space, in order of address. Neighbours that could be one are one.</summary>
/// <remarks>
/// A sorted array: found in O(log n), changed in O(n) moves of 8 bytes, which the limit on the number of mappings bounds.
/// Locking: read under the mmap lock, changed with it held exclusively.
/// </remarks>
internal sealed class VmaList
{
    private readonly List<Vma> _items = [];

    /// <summary>Number of mappings.</summary>
    public int Count => _items.Count;

    /// <summary>All mappings, in order.</summary>
    public IReadOnlyList<Vma> Items => _items;

    /// <summary>The mapping that holds an address, or null.</summary>
    public Vma? At(VirtualAddress address) => Next(address) is { } vma && vma.Range.Contains(address) ? vma : null;

    /// <summary>The first mapping that ends above an address, or null. Source: Linux find_vma.</summary>
    public Vma? Next(VirtualAddress address)
    {
        int index = IndexAbove(address);
        return index < _items.Count ? _items[index] : null;
    }

    /// <summary>True if some mapping shares a byte with a range.</summary>
    public bool Overlaps(AddressRange range) => Next(range.Start) is { } vma && vma.Range.Start < range.End;

    /// <summary>True if every byte of a range is mapped.</summary>
    public bool Covers(AddressRange range)
    {
        VirtualAddress covered = range.Start;
        for (int i = IndexAbove(range.Start); covered < range.End; i++)
        {
            if (i == _items.Count || _items[i].Range.Start > covered)
            {
                return false;
            }

            covered = _items[i].Range.End;
        }

        return true;
    }

    /// <summary>Works out what it takes to make a range one mapping, or no mapping at all; changes nothing.</summary>
    /// <param name="range">Not empty, page-aligned.</param>
    /// <param name="protection">Protection of the mapping; null for none.</param>
    public Plan Prepare(AddressRange range, Protection? protection)
    {
        int first = IndexAbove(range.Start);
        int last = first;
        while (last < _items.Count && _items[last].Range.Start < range.End)
        {
            last++;
        }

        Vma? left = first < last ? Cut(_items[first], _items[first].Range.Start, range.Start) : null;
        Vma? right = first < last ? Cut(_items[last - 1], range.End, _items[last - 1].Range.End) : null;
        Vma? middle = null;
        if (protection is { } wanted)
        {
            VirtualAddress start = range.Start;
            VirtualAddress end = range.End;
            if (left is null && first > 0 && _items[first - 1].Range.End == start)
            {
                left = _items[--first];
            }

            if (right is null && last < _items.Count && _items[last].Range.Start == end)
            {
                right = _items[last++];
            }

            Absorb(ref left, wanted, ref start, vma => vma.Range.Start);
            Absorb(ref right, wanted, ref end, vma => vma.Range.End);
            middle = new Vma(new AddressRange(start, end), wanted);
        }

        return new Plan(first, last - first, left, middle, right);
    }

    /// <summary>Number of mappings once a plan is carried out.</summary>
    public int CountAfter(in Plan plan) => _items.Count - plan.Removed + plan.Added;

    /// <summary>Carries a plan out, which was made since the last change.</summary>
    public void Apply(in Plan plan)
    {
        _items.RemoveRange(plan.First, plan.Removed);
        int index = plan.First;
        foreach (Vma? vma in (ReadOnlySpan<Vma?>)[plan.Left, plan.Middle, plan.Right])
        {
            if (vma is not null)
            {
                _items.Insert(index++, vma);
            }
        }
    }

    /// <summary>Finds the highest free place of a length.</summary>
    /// <param name="window">Where to look.</param>
    /// <param name="length">Bytes, a multiple of the page size.</param>
    /// <param name="start">Start of the place.</param>
    public bool TryFindGap(AddressRange window, ulong length, out VirtualAddress start)
    {
        ulong end = window.End;
        for (int i = IndexAbove(window.End) - 1; ; i--)
        {
            // The mapping that IndexAbove names may begin below the window's end.
            ulong bottom = i >= 0 ? Math.Max(_items[i].Range.End, window.Start) : window.Start;
            if (i + 1 < _items.Count)
            {
                end = Math.Min(end, _items[i + 1].Range.Start);
            }

            if (end >= bottom && end - bottom >= length)
            {
                start = end - length;
                return true;
            }

            if (i < 0 || end <= window.Start)
            {
                start = default;
                return false;
            }
        }
    }

    private static Vma? Cut(Vma vma, VirtualAddress start, VirtualAddress end) =>
        start < end ? vma with { Range = new AddressRange(start, end) } : null;

    private static void Absorb(ref Vma? neighbour, Protection protection, ref VirtualAddress edge, Func<Vma, VirtualAddress> farEdge)
    {
        if (neighbour is not null && neighbour.Protection == protection)
        {
            edge = farEdge(neighbour);
            neighbour = null;
        }
    }

    /// <summary>Index of the first mapping that ends above an address; the count when there is none.</summary>
    private int IndexAbove(VirtualAddress address)
    {
        int low = 0;
        int high = _items.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_items[middle].Range.End > address)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>A change of the list: mappings from an index on are replaced by up to three others.</summary>
    internal readonly record struct Plan(int First, int Removed, Vma? Left, Vma? Middle, Vma? Right)
    {
        public int Added => (Left is null ? 0 : 1) + (Middle is null ? 0 : 1) + (Right is null ? 0 : 1);
    }
}
