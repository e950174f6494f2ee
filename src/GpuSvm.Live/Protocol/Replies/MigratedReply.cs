namespace GpuSvm.Live;

/// <summary>What became of pages that were to move.</summary>
internal sealed record MigratedReply
{
    /// <summary>Number of 4 KiB pages that have moved.</summary>
    public required long Pages { get; init; }

    /// <summary>The first error.</summary>
    public required Errno Error { get; init; }
}
