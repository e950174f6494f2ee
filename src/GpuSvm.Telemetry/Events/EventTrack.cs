namespace GpuSvm.Telemetry;

/// <summary>The actor that an event belongs to; each is a row of a trace.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Index">Which one of its kind.</param>
public readonly record struct EventTrack(EventTrackKind Kind, int Index)
{
    /// <summary>The GPU as a whole.</summary>
    public static EventTrack Device => default;

    /// <summary>The calling thread.</summary>
    public static EventTrack CurrentThread => new(EventTrackKind.Thread, SvmThread.CurrentId);

    /// <summary>A streaming multiprocessor.</summary>
    public static EventTrack Sm(int index) => new(EventTrackKind.Sm, index);

    /// <summary>A worker of the driver; 0 is the one that fetches batches.</summary>
    public static EventTrack Worker(int index) => new(EventTrackKind.Worker, index);

    /// <summary>A copy engine.</summary>
    public static EventTrack CopyEngine(int index) => new(EventTrackKind.CopyEngine, index);
}
