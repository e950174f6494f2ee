using System.Diagnostics;

namespace GpuSvm.Core;

/// <summary>A source of time that never goes back.</summary>
public abstract class Clock
{
    /// <summary>The time of the machine that this process runs on; for threads of an explored schedule, its virtual time.</summary>
    public static Clock Monotonic { get; } = new MonotonicClock();

    /// <summary>Nanoseconds since a moment that is fixed for the clock's life.</summary>
    public abstract long NowNanoseconds { get; }

    /// <summary>The moment <paramref name="span"/> from now; the end of time when the sum lies behind it.</summary>
    /// <param name="span">Not negative.</param>
    public Deadline After(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        long now = NowNanoseconds;
        bool fits = span.Ticks <= (long.MaxValue - now) / TimeSpan.NanosecondsPerTick;
        return new Deadline(this, fits ? now + (span.Ticks * TimeSpan.NanosecondsPerTick) : long.MaxValue);
    }

    /// <summary>Tells a clock that does not go on by itself how long somebody has slept who waits for one of its deadlines.</summary>
    internal virtual void Slept(int milliseconds)
    {
    }

    private sealed class MonotonicClock : Clock
    {
        public override long NowNanoseconds => Exploration.Enabled && ControlledThread.Current is { } self
            ? self.Explorer.NowNanoseconds
            : (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
    }
}
