namespace GpuSvm.Live;

/// <summary>What was said of pages.</summary>
internal sealed record AdviceReply
{
    /// <summary>Runs of pages, in order.</summary>
    public required AdviceRunBody[] Runs { get; init; }

    /// <summary>Where to ask on; the end of what was asked for when this is all.</summary>
    public required ulong Next { get; init; }
}
