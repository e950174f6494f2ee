namespace GpuSvm.Cli.Runs;

/// <summary>What of a run is shown besides its answer.</summary>
internal enum RunView
{
    /// <summary>What was counted.</summary>
    Counters,

    /// <summary>Where each range has ended.</summary>
    Ranges,
}
