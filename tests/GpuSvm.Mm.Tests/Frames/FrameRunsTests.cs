using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Mm.Tests;

public sealed class FrameRunsTests
{
    [Fact]
    public void The_lowest_place_that_is_long_enough_is_taken()
    {
        var runs = new FrameRuns(10, 20);
        Assert.Equal(10UL, Take(runs, 4));
        Assert.Equal(14UL, Take(runs, 4));
        Assert.Equal(18UL, Take(runs, 4));
        runs.Return(new FrameNumber(14), 4);
        Assert.Equal(22UL, Take(runs, 5));
        Assert.Equal(14UL, Take(runs, 3));
        Assert.Equal([(17UL, 1UL), (27UL, 3UL)], runs.Free);
        Assert.False(runs.TryTake(4, out _));
        Assert.Equal(27UL, Take(runs, 3));
    }

    [Fact]
    public void Neighbours_that_come_back_are_one_run()
    {
        var runs = new FrameRuns(1, 9);
        Take(runs, 9);
        runs.Return(new FrameNumber(1), 3);
        runs.Return(new FrameNumber(7), 3);
        Assert.Equal([(1UL, 3UL), (7UL, 3UL)], runs.Free);
        runs.Return(new FrameNumber(4), 3);
        Assert.Equal([(1UL, 9UL)], runs.Free);
        Assert.Throws<InvariantException>(() => runs.Return(new FrameNumber(1), 1));
        Assert.Throws<InvariantException>(() => runs.Return(new FrameNumber(9), 1));
        Assert.Empty(new FrameRuns(5, 0).Free);
    }

    [Fact]
    public void Random_requests_are_answered_as_by_a_row_of_flags()
    {
        const int Size = 24;
        Gen<int[]> calls = Gen.ArrayOf(Gen.Choose(-10, 8));
        Prop.ForAll(calls.ToArbitrary(), requests =>
        {
            var runs = new FrameRuns(0, Size);
            bool[] used = new bool[Size];
            List<(int First, int Count)> taken = [];
            foreach (int request in requests)
            {
                if (request > 0)
                {
                    int place = Enumerable.Range(0, Size - request + 1).FirstOrDefault(i => !used.AsSpan(i, request).Contains(true), -1);
                    Assert.Equal(place >= 0, runs.TryTake((ulong)request, out FrameNumber first));
                    if (place >= 0)
                    {
                        Assert.Equal((ulong)place, first.Value);
                        used.AsSpan(place, request).Fill(true);
                        taken.Add((place, request));
                    }
                }
                else if (taken.Count > 0)
                {
                    (int first, int count) = taken[-request % taken.Count];
                    taken.RemoveAt(-request % taken.Count);
                    runs.Return(new FrameNumber((ulong)first), (ulong)count);
                    used.AsSpan(first, count).Clear();
                }

                Assert.Equal(RunsOf(used), runs.Free);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(60));
    }

    private static ulong Take(FrameRuns runs, ulong count)
    {
        Assert.True(runs.TryTake(count, out FrameNumber first));
        return first.Value;
    }

    private static List<(ulong First, ulong Count)> RunsOf(bool[] used)
    {
        List<(ulong First, ulong Count)> runs = [];
        for (int i = 0; i < used.Length; i++)
        {
            if (!used[i] && i > 0 && !used[i - 1])
            {
                runs[^1] = (runs[^1].First, runs[^1].Count + 1);
            }
            else if (!used[i])
            {
                runs.Add(((ulong)i, 1));
            }
        }

        return runs;
    }
}
