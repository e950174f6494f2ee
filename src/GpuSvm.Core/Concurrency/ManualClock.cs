namespace GpuSvm.Core;

/// <summary>A clock that stands still until it is moved: virtual time for tests and explored schedules.</summary>
public sealed class ManualClock : Clock
{
    private long _now;

    /// <inheritdoc/>
    public override long NowNanoseconds => Volatile.Read(ref _now);

    /// <summary>Moves the time on.</summary>
    /// <param name="span">Not negative.</param>
    public void Advance(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        Interlocked.Add(ref _now, span.Ticks * TimeSpan.NanosecondsPerTick);
    }
}
