namespace GpuSvm.Scenarios;

/// <summary>A strategy that fails the schedule when two workers ask for the same block at the same time.</summary>
/// <param name="inner">Does the work.</param>
/// <param name="workers">Number of workers.</param>
internal sealed class WatchedStrategy(IMirrorStrategy inner, int workers) : IMirrorStrategy
{
    // Which block each worker has, plus one. Threads of a schedule run one at a time.
    private readonly ulong[] _blocks = new ulong[workers];
    private readonly Dictionary<int, int> _workers = [];

    public string Name => inner.Name;

    public MirrorStatistics Statistics => inner.Statistics;

    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval)
    {
        ulong block = (wanted.Start.Value >> 21) + 1;
        SmallMachine.Demand(!_blocks.Contains(block), "No block is served by two workers at once.");
        _blocks[worker] = block;
        _workers[SvmThread.CurrentId] = worker;
        Errno error = inner.TryAcquire(wanted, worker, out interval);
        if (error != Errno.None)
        {
            _blocks[worker] = 0;
        }

        return error;
    }

    public void Release(in MirrorInterval interval)
    {
        inner.Release(interval);
        _blocks[_workers[SvmThread.CurrentId]] = 0;
    }

    public void Dispose() => inner.Dispose();
}
