using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Live;
using GpuSvm.Telemetry;

namespace GpuSvm;

/// <summary>The GPU that a live process shares its memory with, and the engine that runs it.</summary>
public sealed record SvmOptions
{
    private static readonly TimeSpan LeastKernelLimit = TimeSpan.FromMilliseconds(100);

    /// <summary>Everything that is left to chance on the GPU's side follows from this.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of streaming multiprocessors of the GPU: 1 to 128.</summary>
    public int Sms { get; init; } = 4;

    /// <summary>Number of warps (of 32 threads) that each multiprocessor holds at once: 1 to 64.</summary>
    public int WarpsPerSm { get; init; } = 8;

    /// <summary>Whether the GPU runs in one order or on several threads. The app's own threads run as they like in either case.</summary>
    public ExecutionMode Execution { get; init; } = ExecutionMode.Sequential;

    /// <summary>Number of entries of the GPU's fault buffer: at least 2.</summary>
    public int FaultBufferEntries { get; init; } = 1024;

    /// <summary>
    /// Size of the GPU's own memory, 8 KiB to 128 GiB: its page tables live there, and pages that were moved there. Reserved only.
    /// </summary>
    public ByteSize VideoMemory { get; init; } = ByteSize.GiB(1);

    /// <summary>
    /// Most bytes that all buffers together may have at a time: at least one page. Reserved only: what is touched is what it costs.
    /// Default: the memory of the computer, at most 256 GiB.
    /// </summary>
    public ByteSize HeapLimit { get; init; } =
        Math.Min((ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, ByteSize.GiB(256).Bytes);

    /// <summary>
    /// Most bytes of system memory that pages of buffers may take at a time: at least one page; null for no other limit than
    /// <see cref="HeapLimit"/>. An access for which none is left ends with SIGBUS, or the system call with EFAULT; pages in the GPU's
    /// memory do not count, but may not come home then.
    /// </summary>
    public ByteSize? SystemMemory { get; init; }

    /// <summary>
    /// How long a thread of a kernel may run without an access to memory, a pause or its end: at least 100 ms, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>. Nobody can stop such a kernel, so past the limit its launch fails with a report, every page
    /// comes home, the engine ends, and the app goes on with its buffers as plain memory and without a GPU. A breakpoint in a kernel
    /// does not count: the whole engine stands still there.
    /// </summary>
    public TimeSpan KernelLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How the driver follows what the process does to memory that the GPU uses.</summary>
    public MirrorStrategy Strategy { get; init; } = MirrorStrategy.SizedRanges;

    /// <summary>
    /// With <see cref="MirrorStrategy.SizedRanges"/>: the sizes of ranges, where their pages live, and how long they stay there. By any
    /// other strategy pages stay where they are until the program moves them, so <see cref="SvmRangeOptions.Placement"/> must be
    /// <see cref="SvmResidency.System"/>. Default: as <see cref="SvmRangeOptions"/>, but larger ranges are made only where every page has been
    /// touched, so that a page which nobody touches costs nothing.
    /// </summary>
    public SvmRangeOptions Ranges { get; init; } = new() { CheckPagesThreshold = ByteSize.MiB(2) };

    /// <summary>Which pages leave the GPU's memory when others need the room.</summary>
    public EvictionPolicy Eviction { get; init; } = EvictionPolicy.ScanResistant;

    /// <summary>Number of pages that come home from the GPU's memory together when the CPU touches one: 1 to 512, a power of two.</summary>
    public int ReadAroundPages { get; init; } = 16;

    /// <summary>
    /// How atomics of the GPU reach pages of the system's memory. Default: as over NVLink C2C, so that no page is taken from the process for
    /// one. With <see cref="SystemAtomics.DeviceExclusive"/> the GPU takes such a page for itself, and the CPU's next store gives it back.
    /// </summary>
    public SystemAtomics SystemAtomics { get; init; } = SystemAtomics.Native;

    /// <summary>
    /// Where GPU and driver write what happens, as the session fetches it from the engine; null fetches nothing. All is there once the session
    /// has ended. docs/telemetry.md tells what that is and what it costs.
    /// </summary>
    public EventStream? Events { get; init; }

    /// <summary>Path of GpuSvm.Engine.dll; null for the one in the app's folder, where the build puts it.</summary>
    public string? EnginePath { get; init; }

    /// <summary>The options as they are told to the engine.</summary>
    /// <exception cref="ArgumentException">One lies out of its range, or two do not fit together; the message names them and what is expected.</exception>
    internal EngineSettings ToSettings()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(HeapLimit.Bytes, Page.Size, nameof(HeapLimit));
        ArgumentOutOfRangeException.ThrowIfLessThan((SystemMemory ?? HeapLimit).Bytes, Page.Size, nameof(SystemMemory));
        ArgumentNullException.ThrowIfNull(Ranges);
        if (KernelLimit < LeastKernelLimit && KernelLimit != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(
                nameof(KernelLimit), KernelLimit, $"At least {LeastKernelLimit}, or Timeout.InfiniteTimeSpan.");
        }

        var settings = new EngineSettings
        {
            Library = LiveSupport.Version,
            Seed = Seed,
            Sms = Sms,
            WarpsPerSm = WarpsPerSm,
            Parallel = Execution == ExecutionMode.Parallel,
            FaultBufferEntries = FaultBufferEntries,
            VideoMemoryBytes = VideoMemory.Bytes,
            HeapBytes = HeapLimit.Bytes,
            SystemBytes = (SystemMemory ?? HeapLimit).Bytes,
            KernelLimitTicks = Math.Max(0, KernelLimit.Ticks),
            Strategy = Strategy,
            Ranges = RangeSettings.Of(Ranges),
            Eviction = Eviction,
            ReadAroundPages = ReadAroundPages,
            SystemAtomics = SystemAtomics,
            EventSlots = Events is null ? 0 : EventFetcher.Slots,
        };
        settings.ToDriverChoices().Validate();
        return settings;
    }
}
