using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Driver.Tests.Hints;

/// <summary>What was advised of which addresses, beside an array with a word a page.</summary>
public sealed class AdviceMapTests
{
    private const int Pages = 24;

    [Fact]
    public void A_map_answers_as_an_array_with_a_word_a_page_does()
    {
        Gen<(int First, int Count, MemoryAdvice Advice, bool IsUnmap)> step =
            from first in Gen.Choose(0, Pages - 1)
            from count in Gen.Choose(1, Pages - first)
            from advice in Gen.Choose(0, 4)
            from unmap in Gen.Choose(0, 3)
            select (first, count, (MemoryAdvice)advice, unmap == 0);
        Prop.ForAll(step.ListOf().ToArbitrary(), steps => Replay(steps)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Neighbours_that_say_the_same_are_one_and_a_cut_makes_two()
    {
        var map = new AdviceMap();
        Assert.Equal([Range(0, 2)], Set(map, 0, 2, MemoryAdvice.ReadMostly));
        Assert.Equal([Range(4, 2)], Set(map, 4, 2, MemoryAdvice.ReadMostly));
        Assert.Equal(2, map.Count);
        Assert.Equal([Range(2, 2)], Set(map, 1, 4, MemoryAdvice.ReadMostly));
        Assert.Equal(1, map.Count);
        Assert.Equal([Range(3, 1)], Set(map, 3, 1, MemoryAdvice.PreferHost));
        Assert.Equal(3, map.Count);
        Assert.Equal(MemoryAdvice.ReadMostly, map.At(At(5), out AddressRange extent));
        Assert.Equal(Range(4, 2), extent);
        Assert.Equal([Range(0, 6)], Set(map, 0, 8, MemoryAdvice.None));
        Assert.Equal(0, map.Count);
    }

    [Fact]
    public void What_is_said_again_changes_nothing()
    {
        var map = new AdviceMap();
        Set(map, 2, 4, MemoryAdvice.RemoteMap);
        Assert.Empty(Set(map, 2, 4, MemoryAdvice.RemoteMap));
        Assert.Empty(Set(map, 3, 1, MemoryAdvice.RemoteMap));
        Assert.Equal([Range(1, 1), Range(6, 1)], Set(map, 1, 6, MemoryAdvice.RemoteMap));
    }

    [Fact]
    public void One_run_too_many_is_refused_and_changes_nothing_but_an_unmap_may_cut()
    {
        var map = new AdviceMap(limit: 2);
        Set(map, 0, 1, MemoryAdvice.PreferHost);
        Set(map, 4, 3, MemoryAdvice.PreferDevice);
        Assert.Equal(Errno.ENOMEM, map.TrySet(Range(5, 1), MemoryAdvice.None, out List<AddressRange> changed));
        Assert.Empty(changed);
        Assert.Equal((MemoryAdvice.PreferDevice, 2), (map.At(At(5), out _), map.Count));
        Assert.Equal([Range(1, 1)], Set(map, 1, 1, MemoryAdvice.PreferHost));
        map.Forget(Range(5, 1));
        Assert.Equal(3, map.Count);

        // What is too much already may change and become less, but not more.
        Assert.Equal([Range(6, 1)], Set(map, 6, 1, MemoryAdvice.RemoteMap));
        Assert.Equal(3, map.Count);
        Assert.Equal(Errno.ENOMEM, map.TrySet(Range(9, 1), MemoryAdvice.RemoteMap, out _));
        Assert.Equal([Range(6, 1)], Set(map, 6, 1, MemoryAdvice.None));
        Assert.Equal(2, map.Count);
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        var map = new AdviceMap();
        for (int i = 0; i < 1000; i++)
        {
            Set(map, 2 * i, 1, MemoryAdvice.PreferHost);
        }

        map.At(At(0), out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            map.At(At(i), out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static bool Replay(IEnumerable<(int First, int Count, MemoryAdvice Advice, bool IsUnmap)> steps)
    {
        var map = new AdviceMap();
        var model = new MemoryAdvice[Pages];
        foreach ((int first, int count, MemoryAdvice advice, bool isUnmap) in steps)
        {
            Span<MemoryAdvice> part = model.AsSpan(first, count);
            if (isUnmap)
            {
                map.Forget(Range(first, count));
                part.Clear();
            }
            else
            {
                int unlike = part.Length - part.Count(advice);
                int changed = Set(map, first, count, advice).Sum(range => (int)range.PageCount);
                part.Fill(advice);
                if (changed != unlike)
                {
                    return false;
                }
            }

            if (!IsLike(map, model))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLike(AdviceMap map, MemoryAdvice[] model)
    {
        int runs = Enumerable.Range(0, Pages).Count(page => model[page] != default && (page == 0 || model[page] != model[page - 1]));
        IEnumerable<MemoryAdvice> spread = map.In(Range(0, Pages)).SelectMany(run => Enumerable.Repeat(run.Advice, (int)run.Range.PageCount));
        return map.Count == runs && spread.SequenceEqual(model) && Enumerable.Range(0, Pages).All(page => IsLikeAt(map, model, page));
    }

    private static bool IsLikeAt(AdviceMap map, MemoryAdvice[] model, int page)
    {
        MemoryAdvice advice = map.At(At(page) + 17, out AddressRange extent);
        int first = page;
        while (first > 0 && model[first - 1] == model[page])
        {
            first--;
        }

        int end = page;
        while (end < Pages && model[end] == model[page])
        {
            end++;
        }

        return advice == model[page] && extent.Intersect(Range(0, Pages)) == Range(first, end - first);
    }

    private static List<AddressRange> Set(AdviceMap map, int first, int count, MemoryAdvice advice)
    {
        Assert.Equal(Errno.None, map.TrySet(Range(first, count), advice, out List<AddressRange> changed));
        return changed;
    }

    private static VirtualAddress At(int page) => 0x1000_0000 + ((ulong)page * Page.Size);

    private static AddressRange Range(int first, int count) => AddressRange.FromLength(At(first), (ulong)count * Page.Size);
}
