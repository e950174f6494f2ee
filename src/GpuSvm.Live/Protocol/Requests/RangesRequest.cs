namespace GpuSvm.Live;

/// <summary>The ranges from an address on.</summary>
internal sealed record RangesRequest
{
    /// <summary>Where to begin.</summary>
    public required ulong Address { get; init; }
}
