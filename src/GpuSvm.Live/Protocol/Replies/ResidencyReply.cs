namespace GpuSvm.Live;

/// <summary>Where pages are.</summary>
internal sealed record ResidencyReply
{
    /// <summary>Runs of pages, in order.</summary>
    public required ResidencyRunBody[] Runs { get; init; }

    /// <summary>Where to ask on; the end of what was asked for when this is all.</summary>
    public required ulong Next { get; init; }
}
