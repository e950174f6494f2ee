using System.Globalization;

namespace GpuSvm.Gpu;

/// <summary>What a software GPU is like.</summary>
public sealed record SoftwareGpuOptions
{
    /// <summary>Most SMs that a GPU may have.</summary>
    public const int MaxSms = 128;

    /// <summary>Most warps that an SM may hold.</summary>
    public const int MaxWarpsPerSm = 64;

    // With the free groups of the IOMMU's pool, three times this; video memory lies above.
    private const ulong MaxPages = SecondLevelTlb.DevicePageLimit / 4;
    private const ulong MaxVideoMemory = Gpu.VideoMemory.MaxPages << Page.Shift;

    /// <summary>Decides the order of device addresses and, when sequential, the schedule.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of SMs, 1 to 128.</summary>
    public int Sms { get; init; } = 4;

    /// <summary>Warps (of 32 threads) that an SM holds at once, 1 to 64; a block must fit one SM.</summary>
    public int WarpsPerSm { get; init; } = 8;

    /// <summary>Sequential or parallel.</summary>
    public ExecutionMode Execution { get; init; }

    /// <summary>Steps (each up to an access that faults) that an SM makes before the next has its turn: 1 to 65536.</summary>
    public int StepsPerTurn { get; init; } = 1;

    /// <summary>Most faults that an SM reports in a turn, 1 to 65536; the rest waits for its next turn.</summary>
    /// <remarks>A small number stands for the throttle of an SM's fault rate: then the faults of many SMs share a batch.</remarks>
    public int FaultsPerTurn { get; init; } = 1 << 16;

    /// <summary>Most faults of a channel that an SM's uTLB keeps outstanding, reported and not replayed since: 1 to 65536.</summary>
    /// <remarks>
    /// A further access that faults waits without an entry and reports itself after the next replay. Prefetches do not count.
    /// 56 was measured on NVIDIA's Volta: T. Allen, R. Ge, "In-depth analyses of unified virtual memory system for GPU accelerated
    /// computing", SC'21.
    /// </remarks>
    public int OutstandingFaults { get; init; } = 56;

    /// <summary>Entries of the fault buffer, 2 to 2^20; one always stays free.</summary>
    public int FaultBufferEntries { get; init; } = 256;

    /// <summary>At which poll of an entry its valid bit shows; 0 means at once. Stands for entries that become valid late.</summary>
    public int LateValidPolls { get; init; }

    /// <summary>The GPU's own memory, for page tables and data, 8 KiB to 128 GiB: reserved, committed by touch.</summary>
    public ByteSize VideoMemory { get; init; } = ByteSize.GiB(1);

    /// <summary>
    /// The first of the frames of system memory that are the GPU's own memory, a multiple of 512, so that the CPU reaches it, too; null, the
    /// default, for memory apart, that only the GPU reaches.
    /// </summary>
    /// <remarks>Whoever hands frames out leaves them alone. Source: GPUs behind a coherent link, as NVIDIA's Grace Hopper.</remarks>
    public FrameNumber? CoherentAt { get; init; }

    /// <summary>Asked before page tables or pages of the GPU's own memory are given out; false has that fail. Null for never.</summary>
    /// <remarks>For tests of what becomes of failures: each allocation can be made to fail.</remarks>
    public Func<VideoAllocation, bool>? AllocationGate { get; init; }

    /// <summary>Most 4 KiB pages that the IOMMU maps at once; null for twice the frames of system memory, as far as that goes.</summary>
    public ulong? DmaPages { get; init; }

    /// <summary>How accesses that miss an SM's own TLB are counted; null, the default, for not at all.</summary>
    public AccessCounterOptions? AccessCounters { get; init; }

    /// <summary>How long a thread waits for its fault to be served before its launch is cancelled.</summary>
    /// <remarks>Ten times the driver's own bound for one fault, so that a slow driver is never mistaken for a missing one.</remarks>
    public TimeSpan FaultTimeout { get; init; } = 10 * Deadline.Default;

    /// <summary>The GPU's clock: timestamps of faults, timeouts, duration of launches.</summary>
    public Clock Clock { get; init; } = Clock.Monotonic;

    /// <summary>Where the GPU writes what happens; null writes nothing. Its clock must be <see cref="Clock"/>.</summary>
    public EventStream? Events { get; init; }

    internal ulong DmaPagesFor(ulong frameCount) => DmaPages ?? Math.Min(2 * frameCount, MaxPages);

    internal void Validate(ulong frameCount)
    {
        ArgumentNullException.ThrowIfNull(Clock);
        DemandRange(Sms, 1, MaxSms, nameof(Sms));
        DemandRange(WarpsPerSm, 1, MaxWarpsPerSm, nameof(WarpsPerSm));
        DemandRange(FaultBufferEntries, 2, 1 << 20, nameof(FaultBufferEntries));
        DemandRange(StepsPerTurn, 1, 1 << 16, nameof(StepsPerTurn));
        DemandRange(FaultsPerTurn, 1, 1 << 16, nameof(FaultsPerTurn));
        DemandRange(OutstandingFaults, 1, 1 << 16, nameof(OutstandingFaults));
        DemandRange(LateValidPolls, 0, int.MaxValue, nameof(LateValidPolls));
        Demand(
            Execution is ExecutionMode.Sequential or ExecutionMode.Parallel, nameof(Execution), Execution, "Sequential or Parallel");
        Demand(VideoMemory.Bytes >= 2 * Page.Size, nameof(VideoMemory), VideoMemory, "at least 8 KiB");
        Demand(VideoMemory.Bytes <= MaxVideoMemory, nameof(VideoMemory), VideoMemory, "at most 128 GiB");
        Demand(
            CoherentAt is not { } first || (first.Value % 512 == 0 && first.Value <= frameCount && Page.Count(VideoMemory.Bytes) <= frameCount - first.Value),
            nameof(CoherentAt), CoherentAt ?? default, "a multiple of 512 that leaves room for the GPU's memory");
        Demand(
            AccessCounters is null or { IsValid: true },
            nameof(AccessCounters), AccessCounters!, "of 64 KiB to 16 MiB, with a threshold of 1 to 65535 and 2 to 2^20 entries");
        Demand(FaultTimeout > TimeSpan.Zero, nameof(FaultTimeout), FaultTimeout, "positive");
        ulong pages = DmaPagesFor(frameCount);
        Demand(pages is > 0 and <= MaxPages, nameof(DmaPages), pages, $"1 to {MaxPages}");
        Demand(frameCount <= MaxPages, "frames of memory", frameCount, $"at most {MaxPages}");
    }

    private static void DemandRange(int value, int low, int high, string name) =>
        Demand(value >= low && value <= high, name, value, string.Create(CultureInfo.InvariantCulture, $"{low} to {high}"));

    private static void Demand(bool holds, string name, object value, string expected)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {expected}.");
        }
    }
}
