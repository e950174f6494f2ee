namespace GpuSvm.Driver;

/// <summary>All that one thread needs to serve blocks of faults, one after the other.</summary>
internal sealed class FaultWorker
{
    private readonly int _number;
    private readonly EventStream? _events;
    private readonly BlockSorter _sorter = new();
    private readonly PageGroups _groups;
    private readonly BlockService _blocks;
    private readonly RangeService _ranges;

    /// <summary>Makes a worker.</summary>
    /// <param name="number">Which one: 0 is the servicer's own thread.</param>
    /// <param name="options">The driver's.</param>
    /// <param name="canceller">Knows the channels that were cancelled as a whole in a batch.</param>
    public FaultWorker(int number, SvmDriverOptions options, FaultCanceller canceller)
    {
        _number = number;
        _events = options.Events;
        _groups = new PageGroups(canceller);
        _blocks = new BlockService(number, options, _groups);
        _ranges = new RangeService(options, _groups, _blocks);
    }

    /// <summary>Sorts and serves a block: afterwards the first of each page's faults of one access has a result, down to the access that was served.</summary>
    /// <param name="batch">The batch; the SVM lock is held for it.</param>
    /// <param name="number">Its number, for the stream of events.</param>
    /// <param name="block">A block of the batch, that no other worker serves.</param>
    public BlockResult Serve(FaultBatch batch, long number, FaultBlock block)
    {
        batch.Sort(block, _sorter);
        _events?.TellService(_number, number, batch, block);
        if (batch.ClientAt(block.First).Ranges is null)
        {
            _blocks.Serve(batch, block);
        }
        else
        {
            _ranges.Serve(batch, block);
        }

        _events?.TellServiceEnd(_number, batch, block);
        return _groups.Result;
    }

    /// <summary>Adds what was counted since the last time.</summary>
    public void CountTo(DriverCounters counters)
    {
        counters.Add(_blocks.TakeTally());
        counters.Ranges.Add(_ranges.TakeTally(out BlockTally mapped));
        counters.Add(mapped);
    }
}
