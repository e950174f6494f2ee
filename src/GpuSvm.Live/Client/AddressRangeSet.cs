namespace GpuSvm.Live;

/// <summary>Addresses as ranges that neither touch nor overlap, in order. Not thread-safe.</summary>
internal sealed class AddressRangeSet
{
    private readonly List<AddressRange> _ranges = [];

    /// <summary>The ranges, in order.</summary>
    public IReadOnlyList<AddressRange> Ranges => _ranges;

    /// <summary>True if every byte of a range is in the set.</summary>
    public bool Contains(AddressRange range)
    {
        int index = IndexAbove(range.Start);
        return index < _ranges.Count && _ranges[index].Contains(range);
    }

    /// <summary>Adds a range.</summary>
    public void Add(AddressRange range)
    {
        if (range.IsEmpty)
        {
            return;
        }

        int first = IndexAbove(range.Start);
        if (first > 0 && _ranges[first - 1].End == range.Start)
        {
            first--;
        }

        int last = first;
        VirtualAddress start = range.Start;
        VirtualAddress end = range.End;
        for (; last < _ranges.Count && _ranges[last].Start <= range.End; last++)
        {
            start = Math.Min(start.Value, _ranges[last].Start.Value);
            end = Math.Max(end.Value, _ranges[last].End.Value);
        }

        _ranges.RemoveRange(first, last - first);
        _ranges.Insert(first, new AddressRange(start, end));
    }

    /// <summary>Takes a range out; what of it is not in the set is left out.</summary>
    public void Remove(AddressRange range)
    {
        int first = IndexAbove(range.Start);
        int last = first;
        while (last < _ranges.Count && _ranges[last].Start < range.End)
        {
            last++;
        }

        if (first == last || range.IsEmpty)
        {
            return;
        }

        AddressRange left = _ranges[first];
        AddressRange right = _ranges[last - 1];
        _ranges.RemoveRange(first, last - first);
        if (right.End > range.End)
        {
            _ranges.Insert(first, new AddressRange(range.End, right.End));
        }

        if (left.Start < range.Start)
        {
            _ranges.Insert(first, new AddressRange(left.Start, range.Start));
        }
    }

    /// <summary>Index of the first range that ends above an address.</summary>
    private int IndexAbove(VirtualAddress address)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].End > address)
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
}
