namespace GpuSvm.Mm;

/// <summary>The page table of one address space: four levels of 512 entries over 48 bits of address, 4 KiB pages.</summary>
/// <remarks>
/// <para>
/// For a simulated CPU it is the hardware's table, whose words the walker reads. A leaf that is empty may be taken out while a walker
/// still looks at it: the walker sees no page there, and the collector frees the leaf when the last one has left.
/// </para>
/// <para>
/// Locking: leaves are added under the mmap lock (shared is enough) and taken out under the mmap lock held exclusively; they are found
/// without a lock. Source: Intel SDM volume 3, 4.5 (4-level paging).
/// </para>
/// </remarks>
public sealed class CpuPageTable
{
    /// <summary>Number of entries of a table.</summary>
    public const int EntryCount = 512;

    /// <summary>First address behind those that the table can map: 2^48.</summary>
    public const ulong AddressLimit = 1UL << 48;

    private const int LeafShift = 21;
    private const int MiddleShift = 30;
    private const int TopShift = 39;
    private Table<Table<Table<CpuLeaf>>> _root = new();

    /// <summary>The entry of the page that holds <paramref name="address"/>; none where no table is, and beyond 48 bits.</summary>
    public CpuPte Read(VirtualAddress address) => Find(address)?.Read(address) ?? default;

    /// <summary>The leaf of an address, or null.</summary>
    internal CpuLeaf? Find(ulong address) =>
        address >= AddressLimit ? null : _root.Find(address, TopShift)?.Find(address, MiddleShift)?.Find(address, LeafShift);

    /// <summary>The leaf of an address, added where it is missing. The mmap lock is held.</summary>
    internal CpuLeaf GetOrAdd(ulong address) =>
        _root.GetOrAdd(address, TopShift).GetOrAdd(address, MiddleShift).GetOrAdd(address, LeafShift);

    /// <summary>Finds the first leaf that covers a part of <c>[address, end)</c>.</summary>
    /// <param name="address">On return the first address of the range that the leaf covers, or at least <paramref name="end"/>.</param>
    /// <param name="end">End of the range: at most <see cref="AddressLimit"/>.</param>
    internal CpuLeaf? FindNext(ref ulong address, ulong end)
    {
        while (address < end)
        {
            if (_root.Find(address, TopShift) is not { } top)
            {
                address = NextBoundary(address, TopShift);
            }
            else if (top.Find(address, MiddleShift) is not { } middle)
            {
                address = NextBoundary(address, MiddleShift);
            }
            else if (middle.Find(address, LeafShift) is not { } leaf)
            {
                address = NextBoundary(address, LeafShift);
            }
            else
            {
                return leaf;
            }
        }

        return null;
    }

    /// <summary>Takes the leaf of an address out if it is empty. The mmap lock is held exclusively.</summary>
    internal void RemoveIfEmpty(ulong address)
    {
        if (Find(address) is { IsEmpty: true })
        {
            _root.Find(address, TopShift)!.Find(address, MiddleShift)!.Remove(address, LeafShift);
        }
    }

    /// <summary>Drops every table; all are empty. The mmap lock is held exclusively.</summary>
    internal void RemoveAll() => _root = new();

    /// <summary>First address behind the leaf that holds <paramref name="address"/>.</summary>
    internal static ulong LeafEnd(ulong address) => NextBoundary(address, LeafShift);

    /// <summary>Index of an address in a table whose entries cover 2^<paramref name="shift"/> bytes each.</summary>
    internal static int Index(ulong address, int shift) => (int)((address >> shift) & (EntryCount - 1));

    private static ulong NextBoundary(ulong address, int shift) => ((address >> shift) + 1) << shift;

    /// <summary>An upper table: references to tables of the level below.</summary>
    private sealed class Table<T>
        where T : class, new()
    {
        private readonly T?[] _slots = new T?[EntryCount];

        public T? Find(ulong address, int shift) => SharedWord.Read(ref _slots[Index(address, shift)]);

        public T GetOrAdd(ulong address, int shift)
        {
            ref T? slot = ref _slots[Index(address, shift)];
            if (SharedWord.Read(ref slot) is { } there)
            {
                return there;
            }

            // Of two threads that add the same table one wins and both use its table.
            T added = new();
            return SharedWord.CompareExchange(ref slot, added, null) ?? added;
        }

        public void Remove(ulong address, int shift) => SharedWord.Write(ref _slots[Index(address, shift)], null);
    }
}
