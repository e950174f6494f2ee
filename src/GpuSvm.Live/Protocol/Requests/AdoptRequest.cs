namespace GpuSvm.Live;

/// <summary>Private memory to share.</summary>
internal sealed record AdoptRequest
{
    /// <summary>The first byte.</summary>
    public required ulong Address { get; init; }

    /// <summary>Number of bytes: at least 1.</summary>
    public required ulong Bytes { get; init; }
}
