using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Output;

/// <summary>Where a run took place, as the JSON document shows it.</summary>
/// <param name="Mode"><c>simulated</c> or <c>live</c>.</param>
/// <param name="Kernel">Release of the Linux kernel; null if simulated.</param>
/// <param name="Features">Features of the kernel's userfaultfd; null if simulated.</param>
/// <param name="Seed">Where all chance came from.</param>
/// <param name="Sms">Streaming multiprocessors.</param>
/// <param name="Warps">Warps of a multiprocessor.</param>
/// <param name="Execution"><c>sequential</c> or <c>parallel</c>.</param>
/// <param name="FaultBufferEntries">Size of the fault buffer.</param>
/// <param name="VideoMemoryBytes">Size of the GPU's own memory.</param>
/// <param name="Placement">Where pages were to live: <c>system</c>, <c>device</c> or <c>auto</c>; null if they could not move.</param>
/// <param name="Chunks">Sizes of ranges in bytes; null if there were none.</param>
/// <param name="TimesliceMs">How long pages stayed on the GPU at least, in milliseconds; null if they could not come there.</param>
/// <param name="ReadAroundPages">Pages that came home together; null as before.</param>
/// <param name="Eviction">Whose pages left when others needed the room; null as before.</param>
internal sealed record MachineDocument(
    string Mode,
    string? Kernel,
    IReadOnlyList<string>? Features,
    ulong Seed,
    int Sms,
    int Warps,
    string Execution,
    int FaultBufferEntries,
    ulong VideoMemoryBytes,
    string? Placement,
    IReadOnlyList<ulong>? Chunks,
    double? TimesliceMs,
    int? ReadAroundPages,
    string? Eviction)
{
    /// <summary>Describes a simulated machine.</summary>
    public static MachineDocument Simulated(MachineOptions options) => Of("simulated", null, null, options);

    /// <summary>Describes a simulated GPU that shares this process's own memory.</summary>
    /// <param name="kernel">Release of the Linux kernel.</param>
    /// <param name="features">Features of its userfaultfd.</param>
    /// <param name="options">The GPU.</param>
    public static MachineDocument Live(string kernel, IReadOnlyList<string> features, MachineOptions options) =>
        Of("live", kernel, features, options);

    private static MachineDocument Of(string mode, string? kernel, IReadOnlyList<string>? features, MachineOptions options)
    {
        bool hasRanges = options.Strategy == MirrorStrategy.SizedRanges;
        SvmRangeOptions ranges = options.Ranges;
        return new MachineDocument(
            mode,
            kernel,
            features,
            options.Seed,
            options.Sms,
            options.WarpsPerSm,
            options.Execution == ExecutionMode.Parallel ? "parallel" : "sequential",
            options.FaultBufferEntries,
            options.VideoMemory.Bytes,
            hasRanges ? NameOf(ranges.Placement) : null,
            hasRanges ? [.. ranges.ChunkSizes.Select(size => size.Bytes)] : null,
            hasRanges ? ranges.Timeslice.TotalMilliseconds : null,
            hasRanges ? options.ReadAroundPages : null,
            hasRanges ? EvictionNames.Of(options.Eviction) : null);
    }

    private static string NameOf(SvmResidency placement) => placement switch
    {
        SvmResidency.Device => "device",
        SvmResidency.Auto => "auto",
        _ => "system",
    };
}
