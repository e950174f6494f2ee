using System.Numerics;

namespace GpuSvm.Gpu;

/// <summary>Hands out blocks of device pages, aligned to their size, in an order that follows from a seed.</summary>
/// <remarks>
/// The pages are cut into groups of 512. A group holds blocks of one order while any of them is in use, so blocks of all orders come and go
/// without search or merging. Not thread-safe.
/// </remarks>
internal sealed class DeviceAddressPool
{
    private const int GroupShift = 9;
    private const int GroupPages = 1 << GroupShift;
    private const int OrderCount = GroupShift + 1;

    private readonly SeededRandom _random;
    private readonly ulong _firstGroup;
    private readonly Group?[] _groups;
    private readonly List<int> _unused;
    private readonly List<int>[] _open = new List<int>[OrderCount];

    /// <summary>Makes a pool of pages that all lie above the frame numbers.</summary>
    internal DeviceAddressPool(ulong frameCount, ulong pageLimit, SeededRandom random)
    {
        _random = random;
        _firstGroup = (frameCount + GroupPages - 1) >> GroupShift;

        // Twice the limit, because a group serves one order at a time; and one more for each order.
        int groups = checked((int)((2 * ((pageLimit + GroupPages - 1) >> GroupShift)) + OrderCount));
        _groups = new Group?[groups];
        _unused = new List<int>(groups);
        for (int i = 0; i < groups; i++)
        {
            _unused.Add(i);
        }

        for (int order = 0; order < OrderCount; order++)
        {
            _open[order] = [];
        }

        EndPage = (_firstGroup + (ulong)groups) << GroupShift;
    }

    /// <summary>First page number behind the pool.</summary>
    internal ulong EndPage { get; }

    internal bool TryTake(int order, out ulong firstPage)
    {
        firstPage = 0;
        List<int> open = _open[order];
        if (open.Count == 0 && !TryOpenGroup(order))
        {
            return false;
        }

        int index = open[^1];
        Group group = _groups[index]!;
        int slot = group.Take(_random.Next(GroupPages >> order));
        if (group.IsFull)
        {
            open.RemoveAt(open.Count - 1);
        }

        firstPage = ((_firstGroup + (ulong)index) << GroupShift) + ((ulong)slot << order);
        return true;
    }

    internal bool TryGive(ulong firstPage, int order)
    {
        ulong groupNumber = firstPage >> GroupShift;
        if (groupNumber < _firstGroup || groupNumber - _firstGroup >= (ulong)_groups.Length)
        {
            return false;
        }

        int index = (int)(groupNumber - _firstGroup);
        int offset = (int)(firstPage & (GroupPages - 1));
        bool isAligned = (offset & ((1 << order) - 1)) == 0;
        if (_groups[index] is not { } group || group.Order != order || !isAligned || !group.IsTaken(offset >> order))
        {
            return false;
        }

        if (group.IsFull)
        {
            _open[order].Add(index);
        }

        group.Give(offset >> order);
        if (group.Used == 0)
        {
            _open[order].Remove(index);
            _unused.Add(index);
        }

        return true;
    }

    private bool TryOpenGroup(int order)
    {
        if (_unused.Count == 0)
        {
            return false;
        }

        int pick = _random.Next(_unused.Count);
        int index = _unused[pick];
        _unused[pick] = _unused[^1];
        _unused.RemoveAt(_unused.Count - 1);
        Group group = _groups[index] ??= new Group();
        group.Open(order);
        _open[order].Add(index);
        return true;
    }

    /// <summary>512 pages that are cut into blocks of one order.</summary>
    private sealed class Group
    {
        private const int WordBits = 64;
        private readonly ulong[] _taken = new ulong[GroupPages / WordBits];

        internal int Order { get; private set; }

        internal int Used { get; private set; }

        internal bool IsFull => Used == GroupPages >> Order;

        internal void Open(int order) => Order = order;

        internal bool IsTaken(int slot) => (_taken[slot / WordBits] & (1UL << (slot % WordBits))) != 0;

        /// <summary>Takes the first free slot from a random one on.</summary>
        internal int Take(int from)
        {
            int slots = GroupPages >> Order;
            for (int slot = from; ;)
            {
                ulong free = ~_taken[slot / WordBits] >> (slot % WordBits);
                int next = slot + Math.Min(BitOperations.TrailingZeroCount(free), WordBits - (slot % WordBits));
                if (free != 0 && next < slots && !IsTaken(next))
                {
                    _taken[next / WordBits] |= 1UL << (next % WordBits);
                    Used++;
                    return next;
                }

                slot = (slot / WordBits * WordBits) + WordBits;
                slot = slot < slots ? slot : 0;
            }
        }

        internal void Give(int slot)
        {
            _taken[slot / WordBits] &= ~(1UL << (slot % WordBits));
            Used--;
        }
    }
}
