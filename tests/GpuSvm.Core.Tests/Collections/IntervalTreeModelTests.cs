using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Core.Tests.Collections;

/// <summary>Random operations on the tree and on a plain list; everything is compared after every step, or after every few in a large tree.</summary>
public class IntervalTreeModelTests
{
    [Fact]
    public void Agrees_with_a_plain_list_on_small_spaces() => Compare(steps: 60, space: 40, longest: 12, tests: 300);

    [Fact]
    public void Agrees_with_a_plain_list_on_large_spaces() => Compare(steps: 400, space: 1UL << 47, longest: 1UL << 40, tests: 20);

    [Fact]
    public void Agrees_with_a_plain_list_when_all_starts_are_equal() => Compare(steps: 200, space: 1, longest: 30, tests: 30);

    [Fact]
    public void Agrees_with_a_plain_list_when_most_of_a_hundred_nodes_overlap() =>
        Compare(steps: 2000, space: 2000, longest: 500, tests: 4, every: 40);

    [Fact]
    public void Agrees_with_a_plain_list_over_several_levels_of_nodes() =>
        Compare(steps: 8000, space: 1UL << 62, longest: 1UL << 63, tests: 3, every: 200);

    /// <summary>FsCheck draws the seed and prints it when the property fails.</summary>
    private static void Compare(int steps, ulong space, ulong longest, int tests, int every = 1) =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(tests).WithName("tree equals list"),
            Prop.ForAll<ulong>(ArbMap.Default.ArbFor<ulong>(), seed => Run(new SeededRandom(seed), steps, space, longest, every)));

    private static void Run(SeededRandom random, int steps, ulong space, ulong longest, int every)
    {
        var tree = new IntervalTree<string>();
        var list = new List<(AddressRange Range, string Value, IntervalHandle Handle)>();
        for (int step = 0; step < steps; step++)
        {
            // Grow in the first half, shrink in the second.
            if (list.Count == 0 || random.Next(10) < (step < steps / 2 ? 7 : 3))
            {
                AddressRange range = AddressRange.FromLength(random.Next(space), 1 + random.Next(longest));
                string value = $"{step}:{range}";
                list.Add((range, value, tree.Insert(range, value)));
            }
            else
            {
                int victim = random.Next(list.Count);
                tree.Remove(list[victim].Handle);
                list.RemoveAt(victim);
            }

            if (step % every == 0)
            {
                tree.Verify();
                Assert.Equal(list.Count, tree.Count);
                Query(tree, list, AddressRange.FromLength(random.Next(space), random.Next(longest) / (ulong)every));
            }
        }
    }

    private static void Query(IntervalTree<string> tree, List<(AddressRange Range, string Value, IntervalHandle Handle)> list, AddressRange at)
    {
        var sorted = list.OrderBy(item => item.Range.Start.Value).ToList();
        Assert.Equal(sorted.Select(item => item.Value), Values(tree.All));
        Assert.Equal(sorted.Where(item => item.Range.Overlaps(at)).Select(item => item.Value), Values(tree.Overlaps(at)));
        Assert.Equal(
            sorted.FirstOrDefault(item => item.Range.Overlaps(at)).Value, tree.TryFindFirst(at, out string? first) ? first : null);
        Assert.Equal(
            sorted.FirstOrDefault(item => item.Range.Contains(at.Start)).Value, tree.TryFindAt(at.Start, out string? hit) ? hit : null);
        Assert.Equal(
            sorted.FirstOrDefault(item => item.Range.End > at.Start).Value, tree.TryFindNext(at.Start, out string? next) ? next : null);
        Assert.All(list, item => Assert.Equal(item.Range, tree.RangeOf(item.Handle)));
    }

    private static IEnumerable<string> Values(IntervalTree<string>.OverlapEnumerable values)
    {
        var list = new List<string>();
        foreach (string value in values)
        {
            list.Add(value);
        }

        return list;
    }
}
