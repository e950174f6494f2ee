namespace GpuSvm;

/// <summary>The GPU that a live process shares its memory with, and the engine that runs it.</summary>
public sealed record SvmOptions
{
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

    /// <summary>Size of the GPU's own memory, where its page tables live. Reserved only.</summary>
    public ByteSize VideoMemory { get; init; } = ByteSize.GiB(1);

    /// <summary>
    /// Most bytes that all buffers together may have at a time: at least one page. Reserved only: what is touched is what it costs.
    /// Default: the memory of the computer, at most 256 GiB.
    /// </summary>
    public ByteSize HeapLimit { get; init; } =
        Math.Min((ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, ByteSize.GiB(256).Bytes);

    /// <summary>
    /// How long a thread of a kernel may run without an access to memory, a pause or its end: at least 100 ms, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>. Nobody can stop such a kernel, so past the limit its launch fails with a report, every page
    /// comes home, the engine ends, and the app goes on with its buffers as plain memory and without a GPU. A breakpoint in a kernel
    /// does not count: the whole engine stands still there.
    /// </summary>
    public TimeSpan KernelLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Path of GpuSvm.Engine.dll; null for the one in the app's folder, where the build puts it.</summary>
    public string? EnginePath { get; init; }
}
