namespace GpuSvm.Core.Tests.Collections;

/// <summary>Trees of many nodes: what is split on the way up and joined on the way down.</summary>
public class IntervalTreeNodeTests
{
    private const int Many = 3000;

    public enum Order
    {
        Rising,
        Falling,
        Inward,
        Random,
    }

    [Theory]
    [InlineData(Order.Rising, Order.Rising)]
    [InlineData(Order.Rising, Order.Falling)]
    [InlineData(Order.Falling, Order.Inward)]
    [InlineData(Order.Inward, Order.Rising)]
    [InlineData(Order.Random, Order.Random)]
    public void A_tree_of_many_nodes_is_filled_and_emptied_in_any_order(Order filling, Order emptying)
    {
        var tree = new IntervalTree<string>();
        var handles = new IntervalHandle[Many];
        var left = new SortedSet<int>();
        foreach (int i in Indices(filling))
        {
            handles[i] = tree.Insert(new AddressRange((ulong)i * 10, ((ulong)i * 10) + 7), Name(i));
            left.Add(i);
            Check(tree, handles, left, i);
        }

        foreach (int i in Indices(emptying))
        {
            tree.Remove(handles[i]);
            left.Remove(i);
            Check(tree, handles, left, i);
        }

        Assert.Equal(0, tree.Count);
        Assert.False(tree.TryFindNext(0, out _));
    }

    [Fact]
    public void Nothing_is_allocated_until_there_are_more_intervals_than_ever_before()
    {
        var tree = new IntervalTree<string>();
        var handles = new IntervalHandle[Many];
        Refill(tree, handles, Indices(Order.Random), Indices(Order.Falling));
        int[] filling = Indices(Order.Rising);
        int[] emptying = Indices(Order.Inward);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Refill(tree, handles, filling, emptying);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void An_interval_that_spans_all_is_first_wherever_one_looks()
    {
        var tree = new IntervalTree<string>();
        tree.Insert(new AddressRange(0, ulong.MaxValue), "all");
        foreach (int i in Indices(Order.Random))
        {
            tree.Insert(new AddressRange(1 + ((ulong)i * 10), 8 + ((ulong)i * 10)), Name(i));
        }

        tree.Verify();
        for (int i = 0; i < Many; i++)
        {
            Assert.True(tree.TryFindAt(1 + ((ulong)i * 10), out string? first));
            Assert.Equal("all", first);
            var values = new List<string>();
            foreach (string value in tree.Overlaps(AddressRange.FromLength(1 + ((ulong)i * 10), 1)))
            {
                values.Add(value);
            }

            Assert.Equal(["all", Name(i)], values);
        }
    }

    private static void Refill(IntervalTree<string> tree, IntervalHandle[] handles, int[] filling, int[] emptying)
    {
        foreach (int i in filling)
        {
            handles[i] = tree.Insert(new AddressRange((ulong)i, (ulong)i + 1), "value");
        }

        foreach (int i in emptying)
        {
            tree.Remove(handles[i]);
        }
    }

    /// <summary>Looks at the place of the last change, and now and then at all of it.</summary>
    private static void Check(IntervalTree<string> tree, IntervalHandle[] handles, SortedSet<int> left, int changed)
    {
        ulong start = (ulong)changed * 10;
        Assert.Equal(left.Contains(changed) ? Name(changed) : null, tree.TryFindAt(start, out string? at) ? at : null);
        if (left.Contains(changed))
        {
            Assert.Equal(new AddressRange(start, start + 7), tree.RangeOf(handles[changed]));
        }

        if (tree.Count % 64 == 0)
        {
            tree.Verify();
            var values = new List<string>();
            foreach (string value in tree.All)
            {
                values.Add(value);
            }

            Assert.Equal(left.Select(Name), values);
        }
    }

    private static string Name(int i) => $"interval {i}";

    private static int[] Indices(Order order)
    {
        int[] indices = [.. Enumerable.Range(0, Many)];
        switch (order)
        {
            case Order.Falling:
                Array.Reverse(indices);
                break;

            case Order.Inward:
                indices = [.. indices.Select(i => i % 2 == 0 ? i / 2 : Many - 1 - (i / 2))];
                break;

            case Order.Random:
                new SeededRandom(7).Shuffle(indices.AsSpan());
                break;
        }

        return indices;
    }
}
