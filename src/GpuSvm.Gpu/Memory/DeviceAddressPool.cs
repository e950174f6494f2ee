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

    /// <summary>Takes blocks, all or none: from a place of a group on that the seed decides, and so from group to group.</summary>
    /// <param name="order">Their order.</param>
    /// <param name="blocks">Where their addresses go.</param>
    internal bool TryTake(int order, Span<DeviceAddress> blocks)
    {
        List<int> open = _open[order];
        int taken = 0;
        while (taken < blocks.Length && (open.Count > 0 || TryOpenGroup(order)))
        {
            int index = open[^1];
            Group group = _groups[index]!;
            ulong first = (_firstGroup + (ulong)index) << GroupShift;
            taken += group.Take(_random.Next(GroupPages >> order), first, blocks[taken..]);
            if (group.IsFull)
            {
                open.RemoveAt(open.Count - 1);
            }
        }

        for (int i = 0; taken < blocks.Length && i < taken; i++)
        {
            TryGive(blocks[i].Value >> Page.Shift, order);
        }

        return taken == blocks.Length;
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

        /// <summary>Takes free slots from one on, and from the first one after the last.</summary>
        /// <param name="from">The slot.</param>
        /// <param name="firstPage">The group's first page.</param>
        /// <param name="blocks">Where the addresses of the slots go.</param>
        /// <returns>Number of slots: fewer than were wanted only if the group is full then.</returns>
        internal int Take(int from, ulong firstPage, Span<DeviceAddress> blocks)
        {
            int slots = GroupPages >> Order;
            int count = Math.Min(blocks.Length, slots - Used);
            ulong ofGroup = slots < WordBits ? (1UL << slots) - 1 : ulong.MaxValue;
            ulong wanted = ulong.MaxValue << (from % WordBits);
            int word = from / WordBits;
            for (int done = 0; done < count; wanted = ulong.MaxValue)
            {
                ulong free = ~_taken[word] & ofGroup & wanted;
                for (; free != 0 && done < count; free &= free - 1)
                {
                    int slot = (word * WordBits) + BitOperations.TrailingZeroCount(free);
                    _taken[word] |= 1UL << (slot % WordBits);
                    blocks[done++] = new DeviceAddress((firstPage + ((ulong)slot << Order)) << Page.Shift);
                }

                word = (word + 1) * WordBits < slots ? word + 1 : 0;
            }

            Used += count;
            return count;
        }

        internal void Give(int slot)
        {
            _taken[slot / WordBits] &= ~(1UL << (slot % WordBits));
            Used--;
        }
    }
}
