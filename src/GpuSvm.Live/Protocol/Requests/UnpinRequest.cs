namespace GpuSvm.Live;

/// <summary>Pages that may move again.</summary>
internal sealed record UnpinRequest
{
    /// <summary>What <see cref="PinnedReply"/> named it.</summary>
    public required long Pin { get; init; }
}
