using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Core;

/// <summary>Values by half-open address range, ordered by start, then by insertion; ranges may be equal and may overlap.</summary>
/// <typeparam name="T">What is kept for an interval.</typeparam>
/// <remarks>
/// <para>
/// A B+ tree: the intervals stand in the leaves, up to 16 in each; an inner node holds for each of up to 16 children the lowest start and the
/// highest end below it. All but the root are at least half full. The first interval that ends above an address lies below the first child
/// whose highest end does, so a search goes straight down, and each step is one comparison of 16 ends at once. The starts, the ends and
/// the values of all nodes stand in arrays of their own, 16 places a node: nothing is allocated until the tree is larger than it ever was.
/// </para>
/// <para>
/// Intervals move between nodes, so a handle names a slot that knows the leaf, and the leaf is searched for the slot.
/// </para>
/// <para>
/// <b>Locking:</b> not thread-safe. Any number of threads may read at once while no thread inserts or removes.
/// </para>
/// <para>
/// Source: R. Bayer and E. McCreight, "Organization and Maintenance of Large Ordered Indexes", 1972; D. Comer, "The Ubiquitous B-Tree",
/// 1979, for the leaves; T. Cormen et al., "Introduction to Algorithms", interval trees, for the highest ends; Linux
/// include/linux/interval_tree_generic.h, for the order of the search.
/// </para>
/// </remarks>
public sealed partial class IntervalTree<T>
    where T : class
{
    /// <summary>No node, no place, no slot. The places of node 0 are all zero for ever: no end there lies above any address.</summary>
    private const int None = 0;

    private const int InitialCapacity = 8;
    private Slot[] _slots = new Slot[InitialCapacity];
    private int _usedSlots = 1;
    private int _freeSlot;
    private int _changes;

    /// <summary>Makes an empty tree: one leaf, which is the root.</summary>
    public IntervalTree()
    {
        GrowNodes(InitialCapacity);
        _root = AllocateNode(level: 0);
    }

    /// <summary>Number of intervals.</summary>
    public int Count { get; private set; }

    /// <summary>Every value, in order of start.</summary>
    public OverlapEnumerable All => new(this, 0, ulong.MaxValue);

    /// <summary>Adds an interval, behind all that have the same start. O(log n).</summary>
    /// <param name="range">Not empty.</param>
    /// <param name="value">What to keep for it.</param>
    /// <exception cref="ArgumentException"><paramref name="range"/> is empty.</exception>
    public IntervalHandle Insert(AddressRange range, T value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (range.IsEmpty)
        {
            throw new ArgumentException($"An interval holds at least one byte; {range} holds none.", nameof(range));
        }

        int slot = AllocateSlot();
        Link(new Entry(range.Start, range.End, slot), value);
        Count++;
        MarkChanged();
        return new IntervalHandle(slot, _slots[slot].Generation);
    }

    /// <summary>Takes an interval out. O(log n).</summary>
    /// <exception cref="ArgumentException">The handle names no interval of this tree, or one that was removed.</exception>
    public void Remove(IntervalHandle handle)
    {
        int slot = SlotOf(handle);
        Unlink(slot);
        ReleaseSlot(slot);
        Count--;
        MarkChanged();
    }

    /// <summary>The range of an interval. O(1).</summary>
    /// <exception cref="ArgumentException">The handle names no interval of this tree, or one that was removed.</exception>
    public AddressRange RangeOf(IntervalHandle handle)
    {
        int slot = SlotOf(handle);
        int place = PlaceOf(slot, _slots[slot].Leaf);
        return new AddressRange(_starts[place], _ends[place]);
    }

    /// <summary>Finds the first interval that shares a byte with a range: the one of lowest start. O(log n).</summary>
    /// <returns>False when there is none, as for an empty range.</returns>
    public bool TryFindFirst(AddressRange overlap, [NotNullWhen(true)] out T? value)
    {
        value = null;
        return !overlap.IsEmpty && TryGet(First(overlap.Start, overlap.End - 1UL), out value);
    }

    /// <summary>Finds the first interval that holds a byte. O(log n).</summary>
    public bool TryFindAt(VirtualAddress address, [NotNullWhen(true)] out T? value) => TryGet(First(address, address), out value);

    /// <summary>Finds, among the intervals that end above an address, the one of lowest start. O(log n).</summary>
    /// <remarks>Source: Linux find_vma.</remarks>
    public bool TryFindNext(VirtualAddress from, [NotNullWhen(true)] out T? value) => TryGet(First(from, ulong.MaxValue), out value);

    /// <summary>The values of all intervals that share a byte with a range, in order of start.</summary>
    /// <remarks>
    /// For k of n intervals O(log n + k) where they lie side by side in order of start, as disjoint intervals do, and never more than
    /// O((k + 1) log n). Allocates nothing. The tree must not change meanwhile.
    /// </remarks>
    public OverlapEnumerable Overlaps(AddressRange overlap) =>
        overlap.IsEmpty ? default : new OverlapEnumerable(this, overlap.Start, overlap.End - 1UL);

    private bool TryGet(int place, [NotNullWhen(true)] out T? value)
    {
        value = _values[place].Value;
        return value is not null;
    }

    private int SlotOf(IntervalHandle handle)
    {
        int slot = handle.Index;
        if (slot == None || slot >= _usedSlots || _slots[slot].Leaf <= None || _slots[slot].Generation != handle.Generation)
        {
            throw new ArgumentException("The handle names no interval of this tree: it was removed, or never inserted here.", nameof(handle));
        }

        return slot;
    }

    private int AllocateSlot()
    {
        if (_freeSlot != None)
        {
            int slot = _freeSlot;
            _freeSlot = ~_slots[slot].Leaf;
            return slot;
        }

        if (_usedSlots == _slots.Length)
        {
            GrowNodes(2 * _usedSlots);
            Array.Resize(ref _slots, 2 * _usedSlots);
        }

        return _usedSlots++;
    }

    private void ReleaseSlot(int slot)
    {
        _slots[slot].Leaf = ~_freeSlot;
        _freeSlot = slot;
        unchecked
        {
            _slots[slot].Generation++;
        }
    }

    private void MarkChanged()
    {
        unchecked
        {
            _changes++;
        }
    }

    private struct Slot
    {
        /// <summary>The leaf that holds the interval; in a free slot the complement of the next free one.</summary>
        public int Leaf;
        public uint Generation;
    }
}
