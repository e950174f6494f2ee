namespace GpuSvm.Live;

/// <summary>A range that the CPU may only read until its next store.</summary>
internal sealed record WriteProtectRequest
{
    /// <summary>First byte, page-aligned.</summary>
    public required ulong Address { get; init; }

    /// <summary>Number of bytes: a multiple of 4096.</summary>
    public required ulong Bytes { get; init; }
}
