namespace GpuSvm.Live;

/// <summary>What was counted.</summary>
internal sealed record CountersReply
{
    /// <summary>The numbers.</summary>
    public required MachineCounters Counters { get; init; }
}
