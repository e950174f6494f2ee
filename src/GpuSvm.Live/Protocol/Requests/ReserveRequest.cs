namespace GpuSvm.Live;

/// <summary>A buffer to make.</summary>
internal sealed record ReserveRequest
{
    /// <summary>Its size: a multiple of 4096.</summary>
    public required ulong Bytes { get; init; }
}
