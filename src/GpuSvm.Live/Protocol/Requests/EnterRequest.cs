namespace GpuSvm.Live;

/// <summary>A buffer that the app has mapped.</summary>
internal sealed record EnterRequest
{
    /// <summary>The engine's number of it.</summary>
    public required long Buffer { get; init; }

    /// <summary>Address of its first byte, page-aligned.</summary>
    public required ulong Address { get; init; }

    /// <summary>What the app may do with it.</summary>
    public required Protection Protection { get; init; }
}
