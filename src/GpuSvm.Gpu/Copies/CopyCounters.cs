namespace GpuSvm.Gpu;

/// <summary>What a copy engine has done since it was made. A snapshot: exact while nothing runs.</summary>
public readonly record struct CopyCounters
{
    /// <summary>Jobs that have ended, the failed ones included.</summary>
    public long Jobs { get; init; }

    /// <summary>Jobs that failed, or were given up.</summary>
    public long FailedJobs { get; init; }

    /// <summary>Commands that were executed to their end.</summary>
    public long Commands { get; init; }

    /// <summary>Bytes copied from system memory to video memory.</summary>
    public long BytesToVideo { get; init; }

    /// <summary>Bytes copied from video memory to system memory.</summary>
    public long BytesToSystem { get; init; }

    /// <summary>Bytes copied inside one of the two.</summary>
    public long BytesWithin { get; init; }

    /// <summary>Bytes cleared.</summary>
    public long BytesCleared { get; init; }

    /// <summary>The same with a command added that was executed.</summary>
    internal CopyCounters Plus(in CopyCommand command)
    {
        long bytes = (long)command.Bytes;
        return (command.Source, command.Destination.IsVideoMemory) switch
        {
            (null, _) => this with { Commands = Commands + 1, BytesCleared = BytesCleared + bytes },
            ({ IsVideoMemory: false }, true) => this with { Commands = Commands + 1, BytesToVideo = BytesToVideo + bytes },
            ({ IsVideoMemory: true }, false) => this with { Commands = Commands + 1, BytesToSystem = BytesToSystem + bytes },
            _ => this with { Commands = Commands + 1, BytesWithin = BytesWithin + bytes },
        };
    }
}
