namespace GpuSvm.Driver;

/// <summary>Sorts the keys of one block, with a number each; equal keys stay in their order. One for each worker.</summary>
/// <remarks>
/// Keys of a block differ in page and strength only: 11 bits. Those are sorted by counting, the lower five bits first; a few keys are
/// sorted by insertion. Its arrays are kept, so a warm sorter allocates nothing.
/// </remarks>
internal sealed class BlockSorter
{
    private const int Few = 12;
    private const int LowBits = 5;
    private const int HighBits = FaultKey.BlockBits - LowBits;

    private readonly int[] _places = new int[1 << HighBits];
    private ulong[] _keys = [];
    private int[] _items = [];

    /// <summary>Sorts by key.</summary>
    /// <param name="keys">Keys of one block.</param>
    /// <param name="items">One for each key; moved with it.</param>
    public void Sort(Span<ulong> keys, Span<int> items)
    {
        if (FaultSorter.IsSorted(keys))
        {
            return;
        }

        if (keys.Length <= Few)
        {
            FaultSorter.Insert(keys, items);
            return;
        }

        if (_keys.Length < keys.Length)
        {
            Array.Resize(ref _keys, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)keys.Length));
            Array.Resize(ref _items, _keys.Length);
        }

        Span<ulong> otherKeys = _keys.AsSpan(0, keys.Length);
        Span<int> otherItems = _items.AsSpan(0, keys.Length);
        Distribute(keys, items, otherKeys, otherItems, shift: 0, LowBits);
        Distribute(otherKeys, otherItems, keys, items, LowBits, HighBits);
    }

    private void Distribute(ReadOnlySpan<ulong> fromKeys, ReadOnlySpan<int> fromItems, Span<ulong> toKeys, Span<int> toItems, int shift, int bits)
    {
        Span<int> places = _places.AsSpan(0, 1 << bits);
        ulong mask = (1UL << bits) - 1;
        places.Clear();
        foreach (ulong key in fromKeys)
        {
            places[(int)((key >> shift) & mask)]++;
        }

        int place = 0;
        foreach (ref int count in places)
        {
            (count, place) = (place, place + count);
        }

        for (int i = 0; i < fromKeys.Length; i++)
        {
            int to = places[(int)((fromKeys[i] >> shift) & mask)]++;
            toKeys[to] = fromKeys[i];
            toItems[to] = fromItems[i];
        }
    }
}
