namespace GpuSvm.Live.Programs.Storm;

/// <summary>Forces collections of every kind.</summary>
internal sealed class Collector(Random random)
{
    private const int MostPause = 4;
    private readonly int[] _before = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
    private long _forced;

    /// <summary>Forces one collection, and lets the other threads run for a moment.</summary>
    public void Collect()
    {
        GCCollectionMode mode = random.Next(2) == 0 ? GCCollectionMode.Forced : GCCollectionMode.Optimized;
        bool blocking = random.Next(2) == 0;
        GC.Collect(random.Next(3), mode, blocking, compacting: blocking && random.Next(2) == 0);
        _forced++;
        Thread.Sleep(random.Next(MostPause));
    }

    /// <summary>What was collected so far.</summary>
    public override string ToString()
    {
        IEnumerable<int> counts = _before.Select((before, generation) => GC.CollectionCount(generation) - before);
        return $"{_forced} calls of GC.Collect, collections of generations 0 to 2: {string.Join(", ", counts)}";
    }
}
