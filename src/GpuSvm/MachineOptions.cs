using GpuSvm.Telemetry;

namespace GpuSvm;

/// <summary>The hardware of a simulated machine.</summary>
public sealed record MachineOptions
{
    /// <summary>Everything that is left to chance follows from this: page frames, DMA addresses, the order of execution.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of streaming multiprocessors of the GPU: 1 to 128.</summary>
    public int Sms { get; init; } = 4;

    /// <summary>Number of warps (of 32 threads) that each multiprocessor holds at once: 1 to 64.</summary>
    public int WarpsPerSm { get; init; } = 8;

    /// <summary>Whether the GPU runs in one reproducible order or on several threads.</summary>
    public ExecutionMode Execution { get; init; } = ExecutionMode.Sequential;

    /// <summary>Number of entries of the GPU's fault buffer: at least 2.</summary>
    public int FaultBufferEntries { get; init; } = 1024;

    /// <summary>Number of CPU threads that each process has: 1 to 256.</summary>
    public int CpuThreads { get; init; } = 4;

    /// <summary>
    /// Size of system memory, at least one page. Reserved only: what programs touch is what it costs. Default: the memory of the computer
    /// that runs the simulation, at most 256 GiB.
    /// </summary>
    public ByteSize SystemMemory { get; init; } =
        Math.Min((ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, ByteSize.GiB(256).Bytes);

    /// <summary>
    /// Size of the GPU's own memory, 8 KiB to 128 GiB: its page tables live there, and pages that were moved there. Reserved only.
    /// </summary>
    public ByteSize VideoMemory { get; init; } = ByteSize.GiB(1);

    /// <summary>How the driver follows what the CPU does to memory that the GPU uses.</summary>
    public MirrorStrategy Strategy { get; init; } = MirrorStrategy.TableAligned;

    /// <summary>
    /// With <see cref="MirrorStrategy.SizedRanges"/>: the sizes of ranges, where their pages live, and how long they stay there. By any
    /// other strategy pages stay where they are until the program moves them, so <see cref="SvmRangeOptions.Placement"/> must be
    /// <see cref="SvmResidency.System"/>.
    /// </summary>
    public SvmRangeOptions Ranges { get; init; } = new();

    /// <summary>Which pages leave the GPU's memory when others need the room.</summary>
    public EvictionPolicy Eviction { get; init; } = EvictionPolicy.ScanResistant;

    /// <summary>Number of pages that come home from the GPU's memory together when the CPU touches one: 1 to 512, a power of two.</summary>
    public int ReadAroundPages { get; init; } = 16;

    /// <summary>Where GPU and driver write what happens; null writes nothing. docs/telemetry.md tells what that is and what it costs.</summary>
    public EventStream? Events { get; init; }
}
