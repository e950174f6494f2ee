namespace GpuSvm.Mm.Tests;

/// <summary>A mirror that writes down what it hears, and does what a test hangs into it.</summary>
internal sealed class RecordingMirror(string name, List<string>? log = null) : IMirror
{
    public RankedLock UpdateLock { get; } = new(LockRank.Update);

    public object? Owner { get; init; }

    public List<string> Log { get; } = log ?? [];

    public bool Refuses { get; set; }

    public Action<IntervalNotifier>? Then { get; set; }

    public List<IntervalNotifier> Released { get; } = [];

    public Action<IntervalNotifier>? ThenReleased { get; set; }

    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        UpdateLock.AssertHeld();
        Log.Add($"{name} {invalidation.Range} {invalidation.Cause}");
        Then?.Invoke(notifier);
        return !Refuses;
    }

    void IMirror.Released(IntervalNotifier notifier)
    {
        Released.Add(notifier);
        ThenReleased?.Invoke(notifier);
    }
}
