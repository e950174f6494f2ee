using BenchmarkDotNet.Attributes;
using GpuSvm.Core;

namespace GpuSvm.Benchmarks.Core;

/// <summary>One operation on a tree of disjoint intervals, at random places; the figures are per operation.</summary>
public class IntervalTreeBenchmarks
{
    private const int Operations = 4096;
    private const ulong Stride = 0x10_0000;
    private readonly IntervalTree<object> _tree = new();
    private readonly object _value = new();
    private readonly ulong[] _at = new ulong[Operations];
    private readonly IntervalHandle[] _handles = new IntervalHandle[Operations];

    /// <summary>Number of intervals in the tree.</summary>
    [Params(10, 1_000, 100_000, 1_000_000)]
    public int Intervals { get; set; }

    /// <summary>Fills the tree in random order and draws the places.</summary>
    [GlobalSetup]
    public void Fill()
    {
        var random = new SeededRandom(1);
        ulong[] starts = Enumerable.Range(0, Intervals).Select(i => (ulong)i * Stride).ToArray();
        random.Shuffle(starts.AsSpan());
        foreach (ulong start in starts)
        {
            _tree.Insert(AddressRange.FromLength(start, Stride / 2), _value);
        }

        for (int i = 0; i < Operations; i++)
        {
            _at[i] = (random.Next((ulong)Intervals) * Stride) + random.Next(Stride / 2);
        }
    }

    /// <summary>Finds the interval that holds a byte.</summary>
    [Benchmark(OperationsPerInvoke = Operations)]
    public int FindAt()
    {
        int found = 0;
        foreach (ulong at in _at)
        {
            found += _tree.TryFindAt(at, out _) ? 1 : 0;
        }

        return found;
    }

    /// <summary>Iterates over the (one or two) intervals that overlap a range.</summary>
    [Benchmark(OperationsPerInvoke = Operations)]
    public int Overlaps()
    {
        int found = 0;
        foreach (ulong at in _at)
        {
            foreach (object _ in _tree.Overlaps(AddressRange.FromLength(at, Stride / 2)))
            {
                found++;
            }
        }

        return found;
    }

    /// <summary>Inserts an interval and removes it again; the tree is larger by 4096 in between.</summary>
    [Benchmark(OperationsPerInvoke = Operations)]
    public void InsertAndRemove()
    {
        for (int i = 0; i < Operations; i++)
        {
            _handles[i] = _tree.Insert(AddressRange.FromLength(_at[i], 0x1000), _value);
        }

        foreach (IntervalHandle handle in _handles)
        {
            _tree.Remove(handle);
        }
    }

    /// <summary>Iterates over the first 1000 intervals, or all of a smaller tree; the figure is for the whole iteration.</summary>
    [Benchmark]
    public int IterateThousand()
    {
        int found = 0;
        foreach (object _ in _tree.Overlaps(AddressRange.FromLength(0, 1000 * Stride)))
        {
            found++;
        }

        return found;
    }
}
