namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary>What some work cost with one strategy; times are those of the fastest turn.</summary>
/// <param name="Work">The work.</param>
/// <param name="Strategy">The strategy.</param>
/// <param name="Faults">Number of faults.</param>
/// <param name="NsPerFault">Time of one, from the ring to the entry; of a kernel's, from its start to its end.</param>
/// <param name="Changes">Number of changes by the CPU; 0 for none.</param>
/// <param name="NsPerChange">Time of one, with what the CPU's side itself does; null where there is none.</param>
/// <param name="Callbacks">Calls of the strategy by all the changes.</param>
/// <param name="CallbacksInVain">Those that found no entry of the GPU.</param>
/// <param name="Notifiers">Notifiers after the faults.</param>
/// <param name="NotifiersAfter">Notifiers after the changes.</param>
/// <param name="BookkeepingBytes">Memory of bookkeeping, the larger of the two moments.</param>
internal sealed record MirrorRow(
    string Work,
    string Strategy,
    int Faults,
    double NsPerFault,
    int Changes,
    double? NsPerChange,
    long Callbacks,
    long CallbacksInVain,
    int Notifiers,
    int NotifiersAfter,
    long BookkeepingBytes)
{
    /// <summary>Faults a second.</summary>
    public double FaultsPerS => 1e9 / NsPerFault;
}
