namespace GpuSvm.Live;

/// <summary>The machine that the app wants.</summary>
internal sealed record HelloRequest
{
    /// <summary>The settings.</summary>
    public required EngineSettings Settings { get; init; }
}
