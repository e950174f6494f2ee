namespace GpuSvm.Gpu;

/// <summary>Cuts pages into blocks of less than a page: each page into blocks of one size. Not thread-safe.</summary>
/// <param name="pages">Where whole pages come from, and go back to once none of their blocks is in use.</param>
internal sealed class SmallBlocks(BuddyAllocator pages)
{
    private readonly Dictionary<ulong, Stack<ulong>> _freeOf = [];
    private readonly List<ulong>[] _open = MakeLists();

    /// <summary>Takes a block.</summary>
    /// <param name="order">Binary logarithm of its bytes, less than that of a page.</param>
    /// <param name="address">Its address: a multiple of its size.</param>
    internal bool TryTake(int order, out ulong address)
    {
        address = 0;
        List<ulong> open = _open[order];
        if (open.Count == 0)
        {
            if (!pages.TryAllocate(0, out ulong page))
            {
                return false;
            }

            open.Add(page);
            _freeOf.Add(page, Cut(page << Page.Shift, order));
        }

        Stack<ulong> free = _freeOf[open[^1]];
        address = free.Pop();
        if (free.Count == 0)
        {
            open.RemoveAt(open.Count - 1);
        }

        return true;
    }

    /// <summary>Gives a block back.</summary>
    internal void Give(ulong address, int order)
    {
        ulong page = address >> Page.Shift;
        Stack<ulong> free = _freeOf[page];
        if (free.Count == 0)
        {
            _open[order].Add(page);
        }

        free.Push(address);
        if (free.Count == 1 << (Page.Shift - order))
        {
            _open[order].Remove(page);
            _freeOf.Remove(page);
            pages.Free(page, 0);
        }
    }

    private static List<ulong>[] MakeLists()
    {
        var lists = new List<ulong>[Page.Shift];
        for (int order = 0; order < lists.Length; order++)
        {
            lists[order] = [];
        }

        return lists;
    }

    private static Stack<ulong> Cut(ulong start, int order)
    {
        var free = new Stack<ulong>();
        for (ulong end = start + Page.Size; end > start; end -= 1UL << order)
        {
            free.Push(end - (1UL << order));
        }

        return free;
    }
}
