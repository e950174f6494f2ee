namespace GpuSvm.Live;

/// <summary>Pages whose rights the app has changed.</summary>
internal sealed record ProtectRequest
{
    /// <summary>First byte, page-aligned.</summary>
    public required ulong Address { get; init; }

    /// <summary>Number of bytes: a multiple of 4096.</summary>
    public required ulong Bytes { get; init; }

    /// <summary>What the app may do with them now.</summary>
    public required Protection Protection { get; init; }
}
