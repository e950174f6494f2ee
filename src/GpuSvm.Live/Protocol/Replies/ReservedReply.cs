namespace GpuSvm.Live;

/// <summary>A buffer was made; its memory file comes along.</summary>
internal sealed record ReservedReply
{
    /// <summary>The engine's number of it.</summary>
    public required long Buffer { get; init; }
}
