namespace GpuSvm.Live;

/// <summary>The engine is there.</summary>
internal sealed record ReadyReply
{
    /// <summary>The kernel's names of the features of userfaultfd that are on.</summary>
    public required string[] Features { get; init; }

    /// <summary>The kernel's release.</summary>
    public required string Kernel { get; init; }

    /// <summary>The engine's process id.</summary>
    public required int ProcessId { get; init; }
}
