using System.Numerics;

namespace GpuSvm.Core.Tests.Collections;

public class BuddyAllocatorTests
{
    [Fact]
    public void A_block_is_split_only_as_far_as_needed_and_the_lowest_is_taken()
    {
        var buddies = new BuddyAllocator(16);
        Assert.True(buddies.TryAllocate(1, out ulong first));
        Assert.Equal(0u, first);
        Assert.Equal([0, 1, 1, 1, 0], Counts(buddies));
        Assert.True(buddies.TryAllocate(2, out ulong second));
        Assert.Equal(4u, second);
        Assert.True(buddies.TryAllocate(0, out ulong third));
        Assert.Equal(2u, third);
        Assert.Equal([1, 0, 0, 1, 0], Counts(buddies));
        Assert.Equal(9u, buddies.FreePages);
    }

    [Fact]
    public void Blocks_merge_with_their_buddies_at_once_and_never_with_other_neighbours()
    {
        var buddies = new BuddyAllocator(8);
        for (ulong page = 0; page < 8; page++)
        {
            Assert.True(buddies.TryAllocate(0, out ulong taken));
            Assert.Equal(page, taken);
        }

        Assert.False(buddies.TryAllocate(0, out _));
        buddies.Free(1, 0);
        buddies.Free(2, 0);
        Assert.Equal([2, 0, 0, 0], Counts(buddies));
        buddies.Free(3, 0);
        Assert.Equal([1, 1, 0, 0], Counts(buddies));
        buddies.Free(0, 0);
        Assert.Equal([0, 0, 1, 0], Counts(buddies));
    }

    [Theory]
    [InlineData(1, "1")]
    [InlineData(7, "1 1 1")]
    [InlineData(0x40001, "1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1")]
    [InlineData(0xc0000, "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 3")]
    public void Any_number_of_pages_is_made_of_aligned_blocks(ulong pages, string counts)
    {
        var buddies = new BuddyAllocator(pages);
        Assert.Equal(counts, string.Join(' ', Counts(buddies)).TrimEnd());
        Assert.Equal(pages, buddies.FreePages);
    }

    [Fact]
    public void A_part_of_a_block_comes_back_by_itself()
    {
        var buddies = new BuddyAllocator(512);
        Assert.True(buddies.TryAllocate(9, out _));
        buddies.Free(8, 3);
        Assert.Equal(8u, buddies.FreePages);
        Assert.True(buddies.TryAllocate(3, out ulong again));
        Assert.Equal(8u, again);
        buddies.Free(0, 8);
        buddies.Free(256, 8);
        Assert.Equal(1, buddies.FreeBlocks(9));
    }

    [Fact]
    public void What_was_handed_out_apart_and_makes_up_a_block_comes_back_as_one()
    {
        var buddies = new BuddyAllocator(8);
        Assert.True(buddies.TryAllocate(1, out ulong first));
        Assert.True(buddies.TryAllocate(0, out ulong second));
        Assert.True(buddies.TryAllocate(0, out ulong third));
        Assert.Equal((0UL, 2UL, 3UL), (first, second, third));
        buddies.Free(0, 2);
        Assert.Equal((8UL, 1), (buddies.FreePages, buddies.FreeBlocks(3)));
    }

    [Fact]
    public void What_is_free_or_was_never_there_is_refused()
    {
        var buddies = new BuddyAllocator(12);
        Assert.True(buddies.TryAllocate(2, out ulong first));
        Assert.Throws<ArgumentException>(() => buddies.Free(1, 1));
        Assert.Throws<ArgumentException>(() => buddies.Free(12, 0));
        Assert.Throws<ArgumentException>(() => buddies.Free(8, 3));
        Assert.Throws<ArgumentException>(() => buddies.Free(ulong.MaxValue - 3, 2));
        Assert.Throws<ArgumentException>(() => buddies.Free(5, 0));
        Assert.Equal(8u, first);
        buddies.Free(10, 0);
        Assert.Throws<ArgumentException>(() => buddies.Free(first, 2));
        Assert.Throws<ArgumentException>(() => buddies.Free(10, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => buddies.TryAllocate(19, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BuddyAllocator(0));
        Assert.Equal(9u, buddies.FreePages);
    }

    [Fact]
    public void Nothing_is_allocated_when_it_is_warm()
    {
        var buddies = new BuddyAllocator(1 << 12);
        Churn(buddies);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Churn(buddies);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Random blocks against an array that says of each page whether it is free: largest blocks and counts follow from it.</summary>
    [Theory]
    [InlineData(1, 64)]
    [InlineData(2, 1000)]
    [InlineData(3, 37)]
    [InlineData(4, 4096)]
    public void Agrees_with_an_array_of_pages(ulong seed, int pages)
    {
        var random = new SeededRandom(seed);
        var buddies = new BuddyAllocator((ulong)pages);
        var isFree = new bool[pages];
        Array.Fill(isFree, true);
        var taken = new List<(int First, int Order)>();
        for (int step = 0; step < 600; step++)
        {
            bool grows = random.Next(10) < (step / 100 % 2 == 0 ? 7 : 3);
            if (grows || taken.Count == 0)
            {
                int order = random.Next(7);
                int expected = LowestOf(isFree, order);
                Assert.Equal(expected >= 0, buddies.TryAllocate(order, out ulong first));
                if (expected >= 0)
                {
                    Assert.Equal(expected, (int)first);
                    isFree.AsSpan(expected, 1 << order).Clear();
                    taken.Add((expected, order));
                }
            }
            else
            {
                int victim = random.Next(taken.Count);
                (int first, int order) = taken[victim];
                taken.RemoveAt(victim);
                if (order > 0 && random.Next(3) == 0)
                {
                    order--;
                    taken.Add((first + (1 << order), order));
                }

                buddies.Free((ulong)first, order);
                isFree.AsSpan(first, 1 << order).Fill(true);
            }

            Assert.Equal(isFree.Count(free => free), (int)buddies.FreePages);
            Assert.Equal(CountsOf(isFree), Enumerable.Range(0, BuddyAllocator.LargestOrder + 1).Select(buddies.FreeBlocks));
        }
    }

    private static void Churn(BuddyAllocator buddies)
    {
        for (int order = 0; order < 8; order++)
        {
            Assert.True(buddies.TryAllocate(order, out ulong first));
            Assert.True(buddies.TryAllocate(order, out ulong second));
            buddies.Free(first, order);
            buddies.Free(second, order);
        }
    }

    /// <summary>The first page of what the model would hand out: of the smallest maximal free block that is large enough, the lowest.</summary>
    private static int LowestOf(bool[] isFree, int order) =>
        MaximalBlocks(isFree).Where(block => block.Order >= order).OrderBy(block => block.Order).ThenBy(block => block.First)
            .Select(block => block.First).DefaultIfEmpty(-1).First();

    private static int[] CountsOf(bool[] isFree)
    {
        var counts = new int[BuddyAllocator.LargestOrder + 1];
        foreach ((_, int order) in MaximalBlocks(isFree))
        {
            counts[order]++;
        }

        return counts;
    }

    private static IEnumerable<(int First, int Order)> MaximalBlocks(bool[] isFree)
    {
        for (int page = 0; page < isFree.Length;)
        {
            if (!isFree[page])
            {
                page++;
                continue;
            }

            int order = page == 0 ? BuddyAllocator.LargestOrder : BitOperations.TrailingZeroCount(page);
            while (page + (1 << order) > isFree.Length || isFree.AsSpan(page, 1 << order).Contains(false))
            {
                order--;
            }

            yield return (page, order);
            page += 1 << order;
        }
    }

    private static int[] Counts(BuddyAllocator buddies) =>
        [.. Enumerable.Range(0, BitOperations.Log2((uint)Math.Min(buddies.PageCount, 1 << 18)) + 1).Select(buddies.FreeBlocks)];
}
