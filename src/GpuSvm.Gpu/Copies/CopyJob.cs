namespace GpuSvm.Gpu;

/// <summary>Commands that were handed in together. Under the engine's lock, but for the commands while the job runs.</summary>
internal sealed class CopyJob
{
    /// <summary>What is to be done.</summary>
    internal List<CopyCommand> Commands { get; } = [];

    /// <summary>Number of the job.</summary>
    internal long Fence { get; set; }

    /// <summary>True from the moment that the engine begins with it.</summary>
    internal bool IsStarted { get; set; }

    /// <summary>True once the engine touches its memory no more.</summary>
    internal bool HasEnded { get; set; }

    /// <summary>True when nobody waits any longer: the engine leaves the job as soon as it looks, without a lock.</summary>
    internal bool IsGivenUp;

    /// <summary>How it ended.</summary>
    internal Errno Result { get; set; }

    /// <summary>Makes it a new job.</summary>
    internal void Begin(long fence, ReadOnlySpan<CopyCommand> commands)
    {
        Fence = fence;
        Commands.Clear();
        Commands.AddRange(commands);
        IsStarted = false;
        HasEnded = false;
        IsGivenUp = false;
        Result = Errno.None;
    }
}
