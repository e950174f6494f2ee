using GpuSvm.Core;
using GpuSvm.Mmu.Areas;

namespace GpuSvm.Mmu.Tests.Areas;

/// <summary>The index of pieces, against a sorted dictionary.</summary>
public class PieceIndexTests
{
    private const long Limit = 40_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_changes_leave_what_a_sorted_set_holds(ulong seed)
    {
        var random = new SeededRandom(seed);
        var index = new PieceIndex();
        var model = new SortedSet<long>();
        var pieces = new Dictionary<long, GpuVma>();
        for (int step = 0; step < 50_000; step++)
        {
            long key = Random(random);
            int choice = (int)random.Next(10UL);
            bool grows = step / 10_000 % 2 == 0;
            if (choice < 2)
            {
                Replace(index, model, pieces, model.Count == 0 ? 0 : model.GetViewBetween(key, Limit).Min, Random(random));
            }
            else if ((choice < 8) == grows)
            {
                Add(index, model, pieces, key, random.Next(2UL) == 0 ? key + 1 : Random(random));
            }
            else
            {
                Remove(index, model, pieces, key);
            }

            AgreeOn(index, model, pieces, Random(random));
        }

        Assert.True(model.Count > 0);
        Assert.Equal(model.Count, index.Count);
        foreach (long key in model.ToArray())
        {
            Assert.Same(pieces[key], index.AtLeast(0));
            index.Remove(key);
        }

        Assert.Equal(0, index.Count);
        Assert.Null(index.AtMost(Limit));
    }

    [Fact]
    public void What_only_grows_at_its_end_and_goes_from_its_start_is_found_throughout()
    {
        var index = new PieceIndex();
        GpuVma[] pieces = [.. Enumerable.Range(0, 10_000).Select(_ => new GpuVma())];
        for (int i = 0; i < pieces.Length; i++)
        {
            index.Insert(i, pieces[i]);
            Assert.Same(pieces[i / 2], index.AtMost(i / 2));
        }

        for (int i = 0; i < pieces.Length; i++)
        {
            Assert.Same(pieces[i], index.AtLeast(0));
            index.Remove(i);
        }

        Assert.Equal(0, index.Count);
    }

    private static long Random(SeededRandom random) => (long)random.Next((ulong)Limit);

    private static void AgreeOn(PieceIndex index, SortedSet<long> model, Dictionary<long, GpuVma> pieces, long key)
    {
        long below = model.GetViewBetween(-1, key).Max;
        long above = model.GetViewBetween(key, Limit + 1).Min;
        Assert.Same(pieces.GetValueOrDefault(below), index.AtMost(key));
        Assert.Same(pieces.GetValueOrDefault(above), index.AtLeast(key));
    }

    private static void Add(PieceIndex index, SortedSet<long> model, Dictionary<long, GpuVma> pieces, long first, long second)
    {
        if (first < second && first != 0 && !model.Contains(first) && !model.Contains(second))
        {
            (pieces[first], pieces[second]) = (new GpuVma(), new GpuVma());
            index.Insert(first, pieces[first], second, pieces[second]);
            model.UnionWith([first, second]);
        }
        else if (first != 0 && model.Add(first))
        {
            index.Insert(first, pieces[first] = new GpuVma());
        }
    }

    private static void Remove(PieceIndex index, SortedSet<long> model, Dictionary<long, GpuVma> pieces, long key)
    {
        long[] next = [.. model.GetViewBetween(key, Limit + 1).Take(2)];
        if (next.Length == 2)
        {
            index.Remove(next[0], next[1]);
        }
        else if (next.Length == 1)
        {
            index.Remove(next[0]);
        }

        model.ExceptWith(next);
        Array.ForEach(next, gone => pieces.Remove(gone));
    }

    private static void Replace(PieceIndex index, SortedSet<long> model, Dictionary<long, GpuVma> pieces, long key, long other)
    {
        if (key != 0 && other != 0 && !model.Contains(other))
        {
            pieces.Remove(key, out GpuVma? piece);
            model.Remove(key);
            index.Replace(key, other, piece!);
            pieces.Add(other, piece!);
            model.Add(other);
        }
    }
}
