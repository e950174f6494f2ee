using GpuSvm.Gpu;

namespace GpuSvm.Workloads;

/// <summary>A GPU and a kernel that together fault as was measured on real hardware, batch by batch.</summary>
/// <remarks>
/// <para>
/// The GPU is NVIDIA's Titan V as far as faults go: 80 SMs whose uTLBs keep 56 faults outstanding each, and whose faults come in bursts
/// of four or five. The bursts are fitted; the rest of the figures follows from the patterns. Number of warps: what the kernel's registers leave room for.
/// </para>
/// <para>
/// Source of the figures: T. Allen, R. Ge, "In-depth analyses of unified virtual memory system for GPU accelerated computing", SC'21,
/// with UVM's batches of 256 and without prefetching.
/// </para>
/// </remarks>
/// <param name="Name">The pattern: regular, random, sgemm or stream.</param>
/// <param name="Kernel">What every thread runs.</param>
/// <param name="Warps">Warps that an SM holds at once.</param>
/// <param name="Burst">Faults of an SM that come one after another.</param>
/// <param name="Grid">Blocks of threads.</param>
/// <param name="Block">Threads of a block.</param>
/// <param name="ArrayBytes">Size of each array in bytes; whole pages.</param>
/// <param name="Arrays">Number of arrays: 1 to 3.</param>
/// <param name="Size">See <see cref="PatternArgs.Size"/>.</param>
/// <param name="Part">See <see cref="PatternArgs.Part"/>.</param>
/// <param name="BlocksPerBatch">Measured: 2 MiB blocks of addresses that a batch of faults touches.</param>
/// <param name="FaultsPerBlock">Measured: distinct faults of a batch in each of them.</param>
public sealed record AccessPreset(
    string Name,
    GpuKernel<PatternArgs> Kernel,
    int Warps,
    int Burst,
    int Grid,
    int Block,
    ulong ArrayBytes,
    int Arrays,
    long Size,
    long Part,
    double BlocksPerBatch,
    double FaultsPerBlock)
{
    /// <summary>SMs of the GPU that was measured.</summary>
    public const int Sms = 80;

    private const long Rows = 28672;
    private const long RandomPages = (8L << 30) >> Page.Shift;
    private const int StreamBlocks = 6 * 2 * Sms;
    private const long StreamChunk = 1024;

    /// <summary>Measured: distinct faults of an SM in a batch; for patterns without a figure of its own what the other two make it.</summary>
    public double FaultsPerSm => Name == "regular" ? 3.06 : BlocksPerBatch * FaultsPerBlock / Sms;

    /// <summary>Each thread its own page, threads in order.</summary>
    public static AccessPreset Regular { get; } = new(
        "regular", AccessPatterns.Regular, 8, 4, 12 * Sms, 256, 12UL * Sms * 256 * Page.Size, 1, 12 * Sms * 256, 1, 41, 5.9);

    /// <summary>Pages anywhere in 8 GiB.</summary>
    public static AccessPreset Random { get; } = new(
        "random", AccessPatterns.Random, 8, 4, Sms, 256, 8UL << 30, 1, RandomPages, Sms * 256, 233, 1.04);

    /// <summary>The product of two matrices of 28,672 rows.</summary>
    public static AccessPreset Sgemm { get; } = new(
        "sgemm", AccessPatterns.Sgemm, 4, 5, 2 * Sms, 128, Rows * Rows * sizeof(float), 2, Rows, 64, 7.0, 9.8);

    /// <summary>The triad over three arrays.</summary>
    public static AccessPreset Stream { get; } = new(
        "stream", AccessPatterns.Stream, 4, 4, StreamBlocks, 64, StreamBlocks * StreamChunk * sizeof(double), 3,
        StreamBlocks * StreamChunk, StreamChunk, 3.9, 15);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<AccessPreset> All { get; } = [Regular, Random, Sgemm, Stream];

    /// <summary>The GPU, with the rest as it is in <paramref name="options"/>.</summary>
    public SoftwareGpuOptions On(SoftwareGpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with
        {
            Sms = Sms,
            WarpsPerSm = Warps,
            StepsPerTurn = Burst,
            FaultsPerTurn = Burst,
            OutstandingFaults = 56,
            FaultBufferEntries = 1024,
        };
    }
}
