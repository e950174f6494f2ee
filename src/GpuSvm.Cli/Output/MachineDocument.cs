namespace GpuSvm.Cli.Output;

/// <summary>A simulated machine, as the JSON document shows it.</summary>
/// <param name="Seed">Where all chance came from.</param>
/// <param name="Sms">Streaming multiprocessors.</param>
/// <param name="Warps">Warps of a multiprocessor.</param>
/// <param name="Execution"><c>sequential</c> or <c>parallel</c>.</param>
/// <param name="FaultBufferEntries">Size of the fault buffer.</param>
internal sealed record MachineDocument(ulong Seed, int Sms, int Warps, string Execution, int FaultBufferEntries)
{
    /// <summary>Describes a machine.</summary>
    public static MachineDocument Of(MachineOptions options) => new(
        options.Seed,
        options.Sms,
        options.WarpsPerSm,
        options.Execution == ExecutionMode.Parallel ? "parallel" : "sequential",
        options.FaultBufferEntries);
}
