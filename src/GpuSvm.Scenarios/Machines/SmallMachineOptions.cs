namespace GpuSvm.Scenarios;

/// <summary>What a <see cref="SmallMachine"/> is like.</summary>
internal sealed record SmallMachineOptions
{
    /// <summary>Ranges of two pages, which move to the GPU's memory when it faults.</summary>
    public static SvmRangeOptions PairsOnDevice { get; } = new()
    {
        ChunkSizes = [ByteSize.KiB(8), ByteSize.KiB(4)],
        Placement = SvmResidency.Device,
    };

    /// <summary>Sequential: the GPU runs on the thread that launches and serves its faults there. Parallel: a worker each.</summary>
    public ExecutionMode Execution { get; init; } = ExecutionMode.Sequential;

    /// <summary>Number of SMs.</summary>
    public int Sms { get; init; } = 1;

    /// <summary>Entries of the fault buffer; one always stays free.</summary>
    public int FaultBufferEntries { get; init; } = 16;

    /// <summary>Most faults in a batch.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>When accesses that wait are told to try again.</summary>
    public ReplayPolicy ReplayPolicy { get; init; } = ReplayPolicy.BatchFlush;

    /// <summary>Makes the mirror strategy; null for that of nouveau, an interval for each fault.</summary>
    public Func<AddressSpace, GpuMirror, IMirrorStrategy>? Strategy { get; init; }

    /// <summary>How ranges are made, where the strategy has any.</summary>
    public SvmRangeOptions Ranges { get; init; } = new();

    /// <summary>Number of threads that serve the blocks of a batch.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Most pages that one fault maps.</summary>
    public int PagesPerFault { get; init; } = 1;

    /// <summary>Pages that come home together from the GPU's memory, a power of two; 0 when no page may live there.</summary>
    public int ReadAroundPages { get; init; }

    /// <summary>Most pages of the GPU's memory that are taken at once; null for all.</summary>
    public ulong? VideoPages { get; init; }

    /// <summary>The GPU's access counters; null for none.</summary>
    public AccessCounterOptions? AccessCounters { get; init; }

    /// <summary>The window that the client manages itself.</summary>
    public AddressRange Unmanaged { get; init; }

    /// <summary>How much is cancelled with a fault that cannot be served.</summary>
    public CancelScope CancelScope { get; init; } = CancelScope.Fault;

    /// <summary>GPUs that reach each other's memory; null where there is one, or none has pages in its memory.</summary>
    public DevicePeers? Peers { get; init; }
}
