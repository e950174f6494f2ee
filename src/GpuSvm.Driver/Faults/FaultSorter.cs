namespace GpuSvm.Driver;

/// <summary>Sorts keys with a number each, and leaves equal keys in their order: a merge sort that works in arrays that are kept.</summary>
/// <param name="capacity">Largest number of keys.</param>
/// <remarks>Faults of a stream come sorted already: that is seen in one pass. Short runs are sorted by insertion.</remarks>
internal sealed class FaultSorter(int capacity)
{
    private const int ShortRun = 16;
    private readonly ulong[] _keys = new ulong[capacity];
    private readonly int[] _items = new int[capacity];

    /// <summary>Sorts by key.</summary>
    /// <param name="keys">At most the capacity.</param>
    /// <param name="items">One for each key; moved with it.</param>
    public void Sort(Span<ulong> keys, Span<int> items)
    {
        if (IsSorted(keys))
        {
            return;
        }

        for (int start = 0; start < keys.Length; start += ShortRun)
        {
            int length = Math.Min(ShortRun, keys.Length - start);
            Insert(keys.Slice(start, length), items.Slice(start, length));
        }

        Merge(keys, items);
    }

    /// <summary>Merges sorted runs until one is left, to and fro between two pairs of arrays.</summary>
    private void Merge(Span<ulong> keys, Span<int> items)
    {
        Span<ulong> otherKeys = _keys.AsSpan(0, keys.Length);
        Span<int> otherItems = _items.AsSpan(0, keys.Length);
        for (int width = ShortRun; width < keys.Length; width *= 4)
        {
            MergePairs(keys, items, otherKeys, otherItems, width);
            if (2 * width < keys.Length)
            {
                MergePairs(otherKeys, otherItems, keys, items, 2 * width);
            }
            else
            {
                otherKeys.CopyTo(keys);
                otherItems.CopyTo(items);
            }
        }
    }

    private static void MergePairs(
        ReadOnlySpan<ulong> fromKeys, ReadOnlySpan<int> fromItems, Span<ulong> toKeys, Span<int> toItems, int width)
    {
        for (int start = 0; start < fromKeys.Length; start += 2 * width)
        {
            int middle = Math.Min(start + width, fromKeys.Length);
            int end = Math.Min(middle + width, fromKeys.Length);
            Merge(fromKeys, fromItems, start, middle, end, toKeys, toItems);
        }
    }

    /// <summary>True if keys do not fall.</summary>
    public static bool IsSorted(ReadOnlySpan<ulong> keys)
    {
        for (int i = 1; i < keys.Length; i++)
        {
            if (keys[i] < keys[i - 1])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Sorts a few keys by insertion.</summary>
    public static void Insert(Span<ulong> keys, Span<int> items)
    {
        for (int i = 1; i < keys.Length; i++)
        {
            ulong key = keys[i];
            int item = items[i];
            int hole = i;
            for (; hole > 0 && keys[hole - 1] > key; hole--)
            {
                keys[hole] = keys[hole - 1];
                items[hole] = items[hole - 1];
            }

            keys[hole] = key;
            items[hole] = item;
        }
    }

    private static void Merge(
        ReadOnlySpan<ulong> fromKeys, ReadOnlySpan<int> fromItems, int start, int middle, int end, Span<ulong> toKeys, Span<int> toItems)
    {
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++)
        {
            // Of equal keys the left one goes first.
            int next = right == end || (left < middle && fromKeys[left] <= fromKeys[right]) ? left++ : right++;
            toKeys[i] = fromKeys[next];
            toItems[i] = fromItems[next];
        }
    }
}
