namespace GpuSvm.Live;

/// <summary>Where the pages of ranges are.</summary>
internal sealed record RangesReply
{
    /// <summary>Runs of pages, in order.</summary>
    public required RangeRunBody[] Runs { get; init; }

    /// <summary>Where to ask on; null when this is all.</summary>
    public required ulong? Next { get; init; }
}
