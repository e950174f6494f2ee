namespace GpuSvm.Live;

/// <summary>Adopted memory to give back.</summary>
internal sealed record GiveBackRequest
{
    /// <summary>The engine's number of it.</summary>
    public required long Id { get; init; }
}
