namespace GpuSvm.SvmTests;

/// <summary>How much of everything a machine has.</summary>
internal sealed record MachineSize
{
    /// <summary>A machine that runs on threads of its own, with room for all that tests do.</summary>
    public static MachineSize Full { get; } = new();

    /// <summary>A machine for the explorer: made in a moment, executed on the threads that launch.</summary>
    public static MachineSize Explored { get; } = new()
    {
        SystemPages = 256,
        VideoMemory = ByteSize.MiB(1),
        Execution = ExecutionMode.Sequential,
        MostSms = 1,
        MostTouched = 2 * Page.Size,
        RaceRounds = 2,
        ChunkSizes = [ByteSize.KiB(16), ByteSize.KiB(4)],
    };

    /// <summary>Frames of system memory.</summary>
    public ulong SystemPages { get; init; } = 1UL << 15;

    /// <summary>The memory of each GPU.</summary>
    public ByteSize VideoMemory { get; init; } = ByteSize.MiB(256);

    /// <summary>How GPUs execute.</summary>
    public ExecutionMode Execution { get; init; } = ExecutionMode.Parallel;

    /// <summary>Most SMs of a GPU.</summary>
    public int MostSms { get; init; } = 2;

    /// <summary>Bytes of a buffer that are filled, moved and looked at; what lies behind is never touched.</summary>
    public ulong MostTouched { get; init; } = ulong.MaxValue;

    /// <summary>Number of times at most that the CPU goes round in a race with one exec.</summary>
    public int RaceRounds { get; init; } = 64;

    /// <summary>Sizes of ranges.</summary>
    public IReadOnlyList<ByteSize> ChunkSizes { get; init; } = new SvmRangeOptions().ChunkSizes;
}
