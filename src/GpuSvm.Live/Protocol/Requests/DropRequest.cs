namespace GpuSvm.Live;

/// <summary>A buffer that the app has unmapped.</summary>
internal sealed record DropRequest
{
    /// <summary>The engine's number of it.</summary>
    public required long Buffer { get; init; }
}
