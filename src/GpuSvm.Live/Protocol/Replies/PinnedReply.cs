namespace GpuSvm.Live;

/// <summary>Pages that are at home and stay there.</summary>
internal sealed record PinnedReply
{
    /// <summary>The engine's number of this.</summary>
    public required long Pin { get; init; }
}
