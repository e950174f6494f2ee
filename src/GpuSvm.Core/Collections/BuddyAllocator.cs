using System.Numerics;

namespace GpuSvm.Core;

/// <summary>Hands out pages in naturally aligned blocks of powers of two, and merges what comes back with its free neighbours.</summary>
/// <remarks>
/// <para>
/// A block is split only when no smaller one is free, and merged as soon as its buddy is free, too. Among equals the lowest is taken, so
/// the order is the same each time and free memory gathers at the upper end. Each call takes a few steps for each order, and none
/// allocates.
/// </para>
/// <para>
/// What is given back need not be what was handed out: any aligned part of it may come back by itself, and what makes up a block as one.
/// Not thread-safe.
/// Source: D. Knuth, The Art of Computer Programming, volume 1, 2.5; Linux drivers/gpu/drm/drm_buddy.c for the use.
/// </para>
/// </remarks>
public sealed class BuddyAllocator
{
    /// <summary>Order of the largest blocks: 1 GiB in pages of 4 KiB.</summary>
    public const int LargestOrder = 18;

    private const ulong MostPages = 1UL << 30;
    private readonly NumberSet[] _free = new NumberSet[LargestOrder + 1];

    /// <summary>Bit n is set when there is a free block of order n.</summary>
    private uint _orders;

    /// <summary>Makes an allocator of pages that are all free.</summary>
    /// <param name="pageCount">Number of pages, 1 to 2^30; no power of two is needed.</param>
    public BuddyAllocator(ulong pageCount)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, MostPages);
        PageCount = pageCount;
        for (int order = 0; order <= LargestOrder; order++)
        {
            // One more, so that the last block has a buddy to look at: one that is never free.
            _free[order] = new NumberSet((int)(pageCount >> order) + 2);
        }

        for (ulong page = 0, size; page < pageCount; page += size)
        {
            int order = Math.Min(BitOperations.Log2(pageCount - page), LargestOrder);
            order = page == 0 ? order : Math.Min(order, BitOperations.TrailingZeroCount(page));
            size = 1UL << order;
            Add(order, (int)(page >> order));
        }

        FreePages = pageCount;
    }

    /// <summary>Number of pages, free or not.</summary>
    public ulong PageCount { get; }

    /// <summary>Number of free pages.</summary>
    public ulong FreePages { get; private set; }

    /// <summary>Number of free blocks of one order, those inside of larger free ones not counted.</summary>
    /// <param name="order">0 to <see cref="LargestOrder"/>.</param>
    public int FreeBlocks(int order)
    {
        RequireOrder(order);
        return _free[order].Count;
    }

    /// <summary>Takes a block.</summary>
    /// <param name="order">Binary logarithm of its number of pages: 0 to <see cref="LargestOrder"/>.</param>
    /// <param name="firstPage">Number of its first page: a multiple of its number of pages.</param>
    /// <returns>False when no such block is free.</returns>
    public bool TryAllocate(int order, out ulong firstPage)
    {
        RequireOrder(order);
        firstPage = 0;
        uint large = _orders >> order;
        if (large == 0)
        {
            return false;
        }

        int from = order + BitOperations.TrailingZeroCount(large);
        int block = _free[from].First();
        Remove(from, block);
        while (from > order)
        {
            from--;
            block <<= 1;
            Add(from, block + 1);
        }

        firstPage = (ulong)block << order;
        FreePages -= 1UL << order;
        return true;
    }

    /// <summary>Gives a block back: one that was handed out, an aligned part of one, or several that make up one.</summary>
    /// <param name="firstPage">Number of its first page.</param>
    /// <param name="order">Binary logarithm of its number of pages.</param>
    /// <exception cref="ArgumentException">It is not aligned, not of these pages, or free already.</exception>
    /// <remarks>A block of which only a part is free already is noticed where checks are on.</remarks>
    public void Free(ulong firstPage, int order)
    {
        RequireOrder(order);
        ulong pages = 1UL << order;
        if ((firstPage & (pages - 1)) != 0 || pages > PageCount || firstPage > PageCount - pages)
        {
            throw new ArgumentException($"There is no block of order {order} at page {firstPage}.", nameof(firstPage));
        }

        if (IsFree(firstPage, order))
        {
            throw new ArgumentException($"The block of order {order} at page {firstPage} is free already.", nameof(firstPage));
        }

        int block = (int)(firstPage >> order);
        FreePages += pages;
        while (order < LargestOrder && _free[order].Contains(block ^ 1))
        {
            Remove(order, block ^ 1);
            block >>= 1;
            order++;
        }

        Add(order, block);
    }

    private static void RequireOrder(int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, LargestOrder);
    }

    /// <summary>True if a block lies in a free one, or, where that is looked for, a free one in it.</summary>
    private bool IsFree(ulong firstPage, int order)
    {
        bool isFree = false;
        for (int larger = order; larger <= LargestOrder; larger++)
        {
            isFree |= _free[larger].Contains((int)(firstPage >> larger));
        }

        for (int smaller = order - 1; Checks.Enabled && smaller >= 0; smaller--)
        {
            isFree |= _free[smaller].ContainsAny((int)(firstPage >> smaller), 1 << (order - smaller));
        }

        return isFree;
    }

    private void Add(int order, int block)
    {
        _free[order].Add(block);
        _orders |= 1u << order;
    }

    private void Remove(int order, int block)
    {
        _free[order].Remove(block);
        if (_free[order].Count == 0)
        {
            _orders &= ~(1u << order);
        }
    }
}
