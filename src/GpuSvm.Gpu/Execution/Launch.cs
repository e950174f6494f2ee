namespace GpuSvm.Gpu;

/// <summary>One launch: which blocks are still to be started, how many are not finished, and how it ends.</summary>
internal abstract class Launch
{
    private readonly TaskCompletionSource<LaunchResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LaunchSlice?[] _slices;
    private readonly Clock _clock;
    private readonly Action _wake;
    private readonly long _startedNanoseconds;
    private LaunchStop? _stop;
    private int _nextBlock;
    private int _unfinishedBlocks;

    private protected Launch(Channel channel, LaunchShape shape, Clock clock, Action wake)
    {
        Channel = channel;
        Grid = shape.Grid;
        Block = shape.Block;
        WarpsPerBlock = shape.WarpsPerBlock;
        _unfinishedBlocks = shape.Grid;
        _slices = new LaunchSlice?[channel.Ports.Length];
        _clock = clock;
        _wake = wake;
        _startedNanoseconds = clock.NowNanoseconds;
    }

    internal Channel Channel { get; }

    /// <summary>Number of blocks.</summary>
    internal int Grid { get; }

    /// <summary>Number of threads of a block.</summary>
    internal int Block { get; }

    /// <summary>Number of warps that a block takes on its SM.</summary>
    internal int WarpsPerBlock { get; }

    /// <summary>The outcome, once there is one.</summary>
    internal Task<LaunchResult> Result => _result.Task;

    /// <summary>Why the launch was stopped; null while it was not.</summary>
    internal LaunchStop? StopReason => SharedWord.Read(ref _stop);

    internal bool IsStopped => SharedWord.Read(ref _stop) is not null;

    internal bool IsFinished => SharedWord.Read(ref _unfinishedBlocks) == 0;

    /// <summary>Runs the kernel on a thread up to its first wait.</summary>
    internal abstract GpuTask Start(GpuThread lane);

    /// <summary>The launch's part on an SM. Only by the thread that executes the SM.</summary>
    internal LaunchSlice SliceOn(Sm sm) => _slices[sm.Index] ??= new LaunchSlice(this, sm);

    /// <summary>True if the SM has work of this launch, or could take a block of it.</summary>
    internal bool Concerns(Sm sm) => _slices[sm.Index] is not null || SharedWord.Read(ref _nextBlock) < Grid;

    /// <summary>Takes the next block that is not started.</summary>
    internal bool TryTakeBlock(out int index)
    {
        index = SharedWord.Read(ref _nextBlock) < Grid ? SharedWord.Add(ref _nextBlock, 1) - 1 : Grid;
        return index < Grid;
    }

    /// <summary>Counts a block as finished.</summary>
    internal void FinishBlock() => SharedWord.Add(ref _unfinishedBlocks, -1);

    /// <summary>Stops the launch: no block starts any more, and every access of its threads ends with an exception.</summary>
    /// <returns>False when it was stopped before.</returns>
    internal bool TryStop(LaunchStop stop)
    {
        if (SharedWord.CompareExchange(ref _stop, stop, null) is not null)
        {
            return false;
        }

        int next = SharedWord.Exchange(ref _nextBlock, Grid);
        if (next < Grid)
        {
            SharedWord.Add(ref _unfinishedBlocks, next - Grid);
        }

        // Hits would go on for ever without looking at the reason; a miss looks.
        if (ReferenceEquals(Channel.Running, this))
        {
            Channel.DropTranslations();
        }

        _wake();
        return true;
    }

    /// <summary>Ends the launch's task with an error of the machine below it, whatever its threads do.</summary>
    internal void Abandon(Exception error) => _result.TrySetException(error);

    /// <summary>Publishes the outcome. Once, when the last block is finished.</summary>
    internal void Publish()
    {
        TimeSpan elapsed = TimeSpan.FromTicks((_clock.NowNanoseconds - _startedNanoseconds) / 100);
        if (StopReason is not { } stop)
        {
            _result.TrySetResult(new LaunchResult(LaunchStatus.Completed, null, null, elapsed));
        }
        else if (stop.DriverError is { } error)
        {
            Abandon(error);
        }
        else
        {
            GpuFaultReport? fault = stop.Status == LaunchStatus.Faulted ? stop.Report : null;
            _result.TrySetResult(new LaunchResult(stop.Status, fault, stop.Exception, elapsed));
        }
    }
}
