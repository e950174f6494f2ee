namespace GpuSvm.Live;

/// <summary>What the engine builds its machine with; checked there like the options of a simulated one.</summary>
internal sealed record EngineSettings
{
    /// <summary>The library's informational version: app and engine must be of one build.</summary>
    public required string Library { get; init; }

    /// <summary>Decides all that is random.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Number of multiprocessors.</summary>
    public required int Sms { get; init; }

    /// <summary>Warps that a multiprocessor holds at once.</summary>
    public required int WarpsPerSm { get; init; }

    /// <summary>True for worker threads, false for one thread in the order of the seed.</summary>
    public required bool Parallel { get; init; }

    /// <summary>Entries of the GPU's fault buffer.</summary>
    public required int FaultBufferEntries { get; init; }

    /// <summary>Bytes of the GPU's memory.</summary>
    public required ulong VideoMemoryBytes { get; init; }

    /// <summary>Bytes that all buffers together may have.</summary>
    public required ulong HeapBytes { get; init; }

    /// <summary>Bytes of system memory that pages may take.</summary>
    public required ulong SystemBytes { get; init; }

    /// <summary>How long a thread of a kernel may run without an access, a pause or its end, in units of 100 ns; 0 for as long as it likes.</summary>
    public required long KernelLimitTicks { get; init; }

    /// <summary>How the driver follows the app's memory.</summary>
    public required MirrorStrategy Strategy { get; init; }

    /// <summary>Ranges of the strategy that has them.</summary>
    public required RangeSettings Ranges { get; init; }

    /// <summary>Which pages leave the GPU's memory for others.</summary>
    public required EvictionPolicy Eviction { get; init; }

    /// <summary>Pages that come home together.</summary>
    public required int ReadAroundPages { get; init; }

    /// <summary>How atomics of the GPU reach system memory.</summary>
    public required SystemAtomics SystemAtomics { get; init; }

    /// <summary>Number of events that are kept until the app fetches them: a power of two, or 0 to tell none.</summary>
    public required int EventSlots { get; init; }

    /// <summary>What the driver is built from.</summary>
    internal DriverChoices ToDriverChoices() => new()
    {
        Execution = Parallel ? ExecutionMode.Parallel : ExecutionMode.Sequential,
        Strategy = Strategy,
        Ranges = Ranges.ToOptions(),
        Eviction = Eviction,
        ReadAroundPages = ReadAroundPages,
        SystemAtomics = SystemAtomics,
    };
}
