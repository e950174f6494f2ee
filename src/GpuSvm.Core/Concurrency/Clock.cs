using System.Diagnostics;

namespace GpuSvm.Core;

/// <summary>A source of time that never goes back.</summary>
public abstract class Clock
{
    /// <summary>The time of the machine that this process runs on.</summary>
    public static Clock Monotonic { get; } = new MonotonicClock();

    /// <summary>Nanoseconds since a moment that is fixed for the clock's life.</summary>
    public abstract long NowNanoseconds { get; }

    /// <summary>The moment <paramref name="span"/> from now.</summary>
    /// <param name="span">Not negative.</param>
    public Deadline After(TimeSpan span) => new(this, checked(NowNanoseconds + (span.Ticks * 100)));

    private sealed class MonotonicClock : Clock
    {
        public override long NowNanoseconds => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
    }
}
