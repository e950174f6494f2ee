using System.Runtime.InteropServices;

namespace GpuSvm.Mm;

/// <summary>The mappings of an address space, in order of address. Neighbours that could be one are one.</summary>
/// <remarks>
/// A sorted array: found in O(log n), changed in O(n) moves of 8 bytes, which the limit on the number of mappings bounds.
/// Locking: read under the mmap lock, planned for and changed with it held exclusively. A plan is good until the next is made.
/// </remarks>
internal sealed class VmaList
{
    private static readonly AddressRange Everything = new(0UL, ulong.MaxValue);
    private readonly List<Vma> _items = [];
    private readonly List<Vma> _planned = [];

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

    /// <summary>True if some mapping of a range is such.</summary>
    public bool Any(AddressRange range, Func<Vma, bool> isSuch)
    {
        foreach (Vma vma in In(range))
        {
            if (isSuch(vma))
            {
                return true;
            }
        }

        return false;
    }

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

    /// <summary>The mappings that share a byte with a range, in order; until the next change.</summary>
    public ReadOnlySpan<Vma> In(AddressRange range)
    {
        int first = IndexAbove(range.Start);
        int last = first;
        while (last < _items.Count && _items[last].Range.Start < range.End)
        {
            last++;
        }

        return CollectionsMarshal.AsSpan(_items)[first..last];
    }

    /// <summary>Works out what it takes to have nothing mapped in a range; changes nothing.</summary>
    /// <param name="range">Not empty, page-aligned.</param>
    public Plan PrepareUnmap(AddressRange range) => Prepare(range, null, null);

    /// <summary>Works out what it takes to have a mapping in place of whatever is there; changes nothing.</summary>
    public Plan PrepareMap(Vma mapping) => Prepare(mapping.Range, mapping, null);

    /// <summary>Works out what it takes to have other mappings of the same pages in a range; changes nothing.</summary>
    /// <param name="range">Not empty, page-aligned.</param>
    /// <param name="change">Makes of a mapping, cut to the range, what it shall be; the range stays.</param>
    public Plan PrepareChange(AddressRange range, Func<Vma, Vma> change) => Prepare(range, null, change);

    /// <summary>Number of mappings once a plan is carried out.</summary>
    public int CountAfter(in Plan plan) => _items.Count - plan.Removed + plan.Added;

    /// <summary>Carries out the plan that was made last.</summary>
    public void Apply(in Plan plan)
    {
        // First what comes: so an object that stays mapped never looks unmapped.
        ReadOnlySpan<Vma> planned = CollectionsMarshal.AsSpan(_planned);
        ReadOnlySpan<Vma> removed = CollectionsMarshal.AsSpan(_items).Slice(plan.First, plan.Removed);
        ForEachNew(planned, removed, static (memory, first, pages) => memory.AddMapping(first, pages));
        ForEachNew(removed, planned, static (memory, first, pages) => memory.RemoveMapping(first, pages));
        _items.RemoveRange(plan.First, plan.Removed);
        _items.InsertRange(plan.First, _planned);
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

    private Plan Prepare(AddressRange range, Vma? added, Func<Vma, Vma>? change)
    {
        ReadOnlySpan<Vma> all = CollectionsMarshal.AsSpan(_items);
        ReadOnlySpan<Vma> overlapped = In(range);
        int first = IndexAbove(range.Start);
        int last = first + overlapped.Length;
        _planned.Clear();

        // A neighbour on each side may become one with what comes beside it.
        ReadOnlySpan<Vma> before = all[Math.Max(first - 1, 0)..first];
        ReadOnlySpan<Vma> behind = all[last..Math.Min(last + 1, all.Length)];
        AddParts(before, Everything);
        AddParts(overlapped, new AddressRange(0UL, range.Start));
        if (added is not null)
        {
            Append(added);
        }

        if (change is not null)
        {
            foreach (Vma vma in overlapped)
            {
                Append(change(vma with { Range = vma.Range.Intersect(range) }));
            }
        }

        AddParts(overlapped, new AddressRange(range.End, ulong.MaxValue));
        AddParts(behind, Everything);
        return new Plan(first - before.Length, before.Length + overlapped.Length + behind.Length, _planned.Count);
    }

    /// <summary>Names the pages of objects that some mappings show and others do not. Both in order of address.</summary>
    private static void ForEachNew(ReadOnlySpan<Vma> mappings, ReadOnlySpan<Vma> others, Action<BackingObject, ulong, ulong> act)
    {
        int first = 0;
        foreach (Vma vma in mappings)
        {
            while (first < others.Length && others[first].Range.End <= vma.Range.Start)
            {
                first++;
            }

            if (vma.Backing is not { } backing)
            {
                continue;
            }

            VirtualAddress done = vma.Range.Start;
            for (int i = first; i < others.Length && others[i].Range.Start < vma.Range.End; i++)
            {
                AddressRange same = others[i].Backing == backing ? others[i].Range.Intersect(vma.Range) : default;
                if (!same.IsEmpty)
                {
                    Name(backing, done, same.Start, act);
                    done = same.End;
                }
            }

            Name(backing, done, vma.Range.End, act);
        }
    }

    private static void Name(VmaBacking backing, VirtualAddress start, VirtualAddress end, Action<BackingObject, ulong, ulong> act)
    {
        if (start < end)
        {
            act(backing.Memory, backing.IndexOf(start), new AddressRange(start, end).PageCount);
        }
    }

    /// <summary>Plans those parts of mappings that lie in a range.</summary>
    private void AddParts(ReadOnlySpan<Vma> mappings, AddressRange range)
    {
        foreach (Vma vma in mappings)
        {
            AddressRange part = vma.Range.Intersect(range);
            if (!part.IsEmpty)
            {
                Append(part == vma.Range ? vma : vma with { Range = part });
            }
        }
    }

    /// <summary>Plans a mapping behind those planned so far, as one with the last of them if they are alike.</summary>
    private void Append(Vma next)
    {
        if (_planned.Count > 0 && _planned[^1] is { } last && last.JoinsWith(next))
        {
            _planned[^1] = last with { Range = new AddressRange(last.Range.Start, next.Range.End) };
        }
        else
        {
            _planned.Add(next);
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

    /// <summary>A change of the list: mappings from an index on are replaced by those that the list has planned.</summary>
    internal readonly record struct Plan(int First, int Removed, int Added);
}
