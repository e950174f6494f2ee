namespace GpuSvm.Core.Tests.Collections;

public class IntervalTreeTests
{
    private static readonly string[] InOrderOfStart = ["a", "b1", "b2", "c"];

    [Fact]
    public void Neighbours_that_only_touch_do_not_overlap()
    {
        var tree = new IntervalTree<string>();
        tree.Insert(Range(10, 20), "low");
        tree.Insert(Range(20, 30), "high");

        Assert.Equal(["low"], List(tree.Overlaps(Range(0, 20))));
        Assert.Equal(["high"], List(tree.Overlaps(Range(20, 21))));
        Assert.Equal(["low", "high"], List(tree.Overlaps(Range(19, 21))));
        Assert.Empty(List(tree.Overlaps(Range(30, 99))));
        Assert.True(tree.TryFindAt(20, out string? at));
        Assert.Equal("high", at);
        Assert.False(tree.TryFindAt(30, out _));
    }

    [Fact]
    public void An_empty_query_finds_nothing_and_an_empty_interval_is_refused()
    {
        var tree = new IntervalTree<string>();
        tree.Insert(Range(0, 100), "all");

        Assert.False(tree.TryFindFirst(Range(50, 50), out _));
        Assert.Empty(List(tree.Overlaps(Range(50, 50))));
        Assert.Throws<ArgumentException>(() => tree.Insert(Range(7, 7), "none"));
        Assert.Throws<ArgumentNullException>(() => tree.Insert(Range(7, 8), null!));
        Assert.Equal(1, tree.Count);
    }

    [Fact]
    public void Values_come_in_order_of_start_then_of_insertion()
    {
        var tree = new IntervalTree<string>();
        tree.Insert(Range(30, 40), "c");
        tree.Insert(Range(20, 99), "b1");
        tree.Insert(Range(20, 21), "b2");
        tree.Insert(Range(10, 15), "a");

        Assert.Equal(InOrderOfStart, List(tree.All));
        Assert.True(tree.TryFindFirst(Range(15, 35), out string? first));
        Assert.Equal("b1", first);
    }

    [Fact]
    public void Next_is_the_lowest_start_among_the_intervals_that_end_above()
    {
        var tree = new IntervalTree<string>();
        tree.Insert(Range(10, 20), "low");
        tree.Insert(Range(40, 50), "high");

        Assert.Equal("low", Next(tree, 0));
        Assert.Equal("low", Next(tree, 19));
        Assert.Equal("high", Next(tree, 20));
        Assert.Equal("high", Next(tree, 49));
        Assert.Null(Next(tree, 50));
    }

    [Fact]
    public void The_whole_address_space_is_an_interval_like_any_other()
    {
        var tree = new IntervalTree<string>();
        IntervalHandle handle = tree.Insert(Range(0, ulong.MaxValue), "all");

        Assert.True(tree.TryFindAt(0, out _));
        Assert.True(tree.TryFindAt(ulong.MaxValue - 1, out _));
        Assert.False(tree.TryFindAt(ulong.MaxValue, out _));
        Assert.False(tree.TryFindNext(ulong.MaxValue, out _));
        Assert.Equal(Range(0, ulong.MaxValue), tree.RangeOf(handle));
    }

    [Fact]
    public void A_handle_is_stale_once_removed_even_when_its_place_is_used_again()
    {
        var tree = new IntervalTree<string>();
        IntervalHandle old = tree.Insert(Range(1, 2), "old");
        tree.Remove(old);
        IntervalHandle fresh = tree.Insert(Range(3, 4), "fresh");

        Assert.Throws<ArgumentException>(() => tree.Remove(old));
        Assert.Throws<ArgumentException>(() => tree.RangeOf(old));
        Assert.Throws<ArgumentException>(() => tree.Remove(default));
        Assert.Equal(Range(3, 4), tree.RangeOf(fresh));
        tree.Remove(fresh);
        Assert.Equal(0, tree.Count);
        Assert.Empty(List(tree.All));
    }

    [Fact]
    public void A_change_during_iteration_is_caught()
    {
        var tree = new IntervalTree<string>();
        tree.Insert(Range(1, 2), "one");
        tree.Insert(Range(3, 4), "two");

        Assert.Throws<InvariantException>(() =>
        {
            foreach (string _ in tree.All)
            {
                tree.Insert(Range(5, 6), "new");
            }
        });
    }

    [Fact]
    public void Nothing_is_allocated_once_warm()
    {
        var tree = new IntervalTree<string>();
        int found = Exercise(tree);
        long before = GC.GetAllocatedBytesForCurrentThread();
        found += Exercise(tree);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal(2 * 3 * 100, found);
    }

    private static int Exercise(IntervalTree<string> tree)
    {
        Span<IntervalHandle> handles = stackalloc IntervalHandle[100];
        for (int i = 0; i < handles.Length; i++)
        {
            handles[i] = tree.Insert(Range((ulong)i, (ulong)i + 1), "value");
        }

        int found = 0;
        foreach (string _ in tree.Overlaps(Range(0, 100)))
        {
            found++;
        }

        for (int i = 0; i < handles.Length; i++)
        {
            found += tree.TryFindAt((ulong)i, out _) ? 1 : 0;
            found += tree.TryFindNext((ulong)i, out _) ? 1 : 0;
            tree.Remove(handles[i]);
        }

        return found;
    }

    private static string? Next(IntervalTree<string> tree, ulong from) => tree.TryFindNext(from, out string? value) ? value : null;

    private static List<string> List(IntervalTree<string>.OverlapEnumerable values)
    {
        var list = new List<string>();
        foreach (string value in values)
        {
            list.Add(value);
        }

        return list;
    }

    private static AddressRange Range(ulong start, ulong end) => new(start, end);
}
