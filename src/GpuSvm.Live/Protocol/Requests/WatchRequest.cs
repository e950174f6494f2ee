namespace GpuSvm.Live;

/// <summary>Whom the guard watches.</summary>
internal sealed record WatchRequest
{
    /// <summary>The engine's process id.</summary>
    public required int EnginePid { get; init; }

    /// <summary>The app's process id.</summary>
    public required int AppPid { get; init; }
}
