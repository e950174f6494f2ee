using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Core;

/// <summary>Values by half-open address range, ordered by start, then by insertion; ranges may be equal and may overlap.</summary>
/// <typeparam name="T">What is kept for an interval.</typeparam>
/// <remarks>
/// <para>
/// A height-balanced (AVL) search tree whose nodes also hold the highest end below each of their children, so that a search knows from
/// one node alone which way to go; what a search reads stands apart from the rest, 16 bytes a node. Nodes live in arrays: nothing is
/// allocated until the tree is larger than it ever was.
/// </para>
/// <para>
/// <b>Locking:</b> not thread-safe. Any number of threads may read at once while no thread inserts or removes.
/// </para>
/// <para>
/// Source: T. Cormen et al., "Introduction to Algorithms", interval trees; Linux include/linux/interval_tree_generic.h, for the order of
/// the search.
/// </para>
/// </remarks>
public sealed partial class IntervalTree<T>
    where T : class
{
    /// <summary>Index of no node: its node is all zero, so that it counts as a child of height 0 that ends at 0.</summary>
    private const int None = 0;

    private const int Left = 0;
    private const int Right = 1;
    private const int InitialCapacity = 8;
    private Step[] _steps = new Step[InitialCapacity];
    private Node[] _nodes = new Node[InitialCapacity];
    private Slot[] _slots = new Slot[InitialCapacity];
    private int _used = 1;
    private int _free;
    private int _root;
    private int _changes;

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

        int index = Allocate();
        _nodes[index] = new Node { Start = range.Start, End = range.End };
        _slots[index].Value = value;
        Link(index);
        Count++;
        MarkChanged();
        return new IntervalHandle(index, _slots[index].Generation);
    }

    /// <summary>Takes an interval out. O(log n).</summary>
    /// <exception cref="ArgumentException">The handle names no interval of this tree, or one that was removed.</exception>
    public void Remove(IntervalHandle handle)
    {
        int index = IndexOf(handle);
        Unlink(index);
        Release(index);
        Count--;
        MarkChanged();
    }

    /// <summary>The range of an interval. O(1).</summary>
    /// <exception cref="ArgumentException">The handle names no interval of this tree, or one that was removed.</exception>
    public AddressRange RangeOf(IntervalHandle handle)
    {
        ref readonly Node node = ref _nodes[IndexOf(handle)];
        return new AddressRange(node.Start, node.End);
    }

    /// <summary>Finds the first interval that shares a byte with a range: the one of lowest start. O(log n).</summary>
    /// <returns>False when there is none, as for an empty range.</returns>
    public bool TryFindFirst(AddressRange overlap, [NotNullWhen(true)] out T? value)
    {
        value = null;
        return !overlap.IsEmpty && TryGet(First(_root, overlap.Start, overlap.End - 1UL), out value);
    }

    /// <summary>Finds the first interval that holds a byte. O(log n).</summary>
    public bool TryFindAt(VirtualAddress address, [NotNullWhen(true)] out T? value) => TryGet(First(_root, address, address), out value);

    /// <summary>Finds, among the intervals that end above an address, the one of lowest start. O(log n).</summary>
    /// <remarks>Source: Linux find_vma.</remarks>
    public bool TryFindNext(VirtualAddress from, [NotNullWhen(true)] out T? value) =>
        TryGet(First(_root, from, ulong.MaxValue), out value);

    /// <summary>The values of all intervals that share a byte with a range, in order of start.</summary>
    /// <remarks>
    /// For k of n intervals O(log n + k) where they lie side by side in order of start, as disjoint intervals do, and never more than
    /// O((k + 1) log n). Allocates nothing. The tree must not change meanwhile.
    /// </remarks>
    public OverlapEnumerable Overlaps(AddressRange overlap) =>
        overlap.IsEmpty ? default : new OverlapEnumerable(this, overlap.Start, overlap.End - 1UL);

    /// <summary>The first node below <paramref name="index"/> that ends above <paramref name="from"/>, if it starts up to <paramref name="last"/>.</summary>
    private int First(int index, ulong from, ulong last)
    {
        Step[] steps = _steps;
        int found = None;
        while (index != None)
        {
            ref readonly Step step = ref steps[index];

            // What ends above lies left or is this node; else it lies right. The side is computed, not branched on: no processor can guess it.
            // Both children are read before it is known which: so the next step waits for one answer of the memory, not for two.
            int left = step.Child[Left];
            int right = step.Child[Right];
            bool goesRight = step.Reach <= from;
            found = goesRight ? found : index;
            index = goesRight ? right : left;
        }

        return _nodes[found].Start <= last ? found : None;
    }

    /// <summary>The node behind <paramref name="index"/> that ends above <paramref name="from"/>, if it starts up to <paramref name="last"/>.</summary>
    private int Next(int index, ulong from, ulong last)
    {
        Node[] nodes = _nodes;
        while (true)
        {
            if (nodes[index].MaxBelow[Right] > from)
            {
                return First(_steps[index].Child[Right], from, last);
            }

            int child;
            do
            {
                child = index;
                index = nodes[child].Parent;
            }
            while (index != None && _steps[index].Child[Right] == child);

            if (index == None || nodes[index].Start > last)
            {
                return None;
            }

            if (nodes[index].End > from)
            {
                return index;
            }
        }
    }

    private bool TryGet(int index, [NotNullWhen(true)] out T? value)
    {
        value = _slots[index].Value;
        return value is not null;
    }

    private int IndexOf(IntervalHandle handle)
    {
        int index = handle.Index;
        if (index == None || index >= _used || _slots[index].Value is null || _slots[index].Generation != handle.Generation)
        {
            throw new ArgumentException("The handle names no interval of this tree: it was removed, or never inserted here.", nameof(handle));
        }

        return index;
    }

    private int Allocate()
    {
        if (_free != None)
        {
            int index = _free;
            _free = _nodes[index].Parent;
            return index;
        }

        if (_used == _nodes.Length)
        {
            Array.Resize(ref _steps, 2 * _used);
            Array.Resize(ref _nodes, 2 * _used);
            Array.Resize(ref _slots, 2 * _used);
        }

        return _used++;
    }

    private void Release(int index)
    {
        _steps[index] = default;
        _nodes[index] = new Node { Parent = _free };
        _free = index;
        _slots[index].Value = null;
        unchecked
        {
            _slots[index].Generation++;
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
        public T? Value;
        public uint Generation;
    }
}
