namespace GpuSvm.Core;

/// <summary>A moment on a clock after which an operation stops trying; <c>default</c> has passed.</summary>
public readonly struct Deadline
{
    private const int LongestSleepMilliseconds = 60_000;

    private readonly Clock? _clock;
    private readonly long _nanoseconds;

    internal Deadline(Clock clock, long nanoseconds)
    {
        _clock = clock;
        _nanoseconds = nanoseconds;
    }

    /// <summary>The bound over all retries of one operation unless an option says otherwise: 1000 ms.</summary>
    /// <remarks>Source: Linux HMM_RANGE_DEFAULT_TIMEOUT.</remarks>
    public static TimeSpan Default => TimeSpan.FromMilliseconds(1000);

    /// <summary>True if the moment has come.</summary>
    public bool HasPassed => LeftNanoseconds == 0;

    /// <summary>Time left; zero when the moment has come.</summary>
    public TimeSpan Remaining => TimeSpan.FromTicks(DivideUp(LeftNanoseconds, TimeSpan.NanosecondsPerTick));

    private long LeftNanoseconds => _clock is null ? 0 : Math.Max(0, _nanoseconds - _clock.NowNanoseconds);

    /// <summary>The earlier of two moments.</summary>
    /// <param name="other">Another one, be it of another clock.</param>
    public Deadline Or(Deadline other) => LeftNanoseconds <= other.LeftNanoseconds ? this : other;

    /// <summary>Sleeps on a monitor that the caller holds until it is pulsed, or for a while that is not longer than the time left.</summary>
    /// <remarks>The caller looks at its condition and at the deadline again.</remarks>
    internal void SleepOn(object monitor)
    {
        // A clock that is moved by hand wakes nobody, so it is looked at every millisecond. The time left is rounded up: down, the
        // last millisecond would be spent spinning.
        long milliseconds = ReferenceEquals(_clock, Clock.Monotonic) ? DivideUp(LeftNanoseconds, 1_000_000) : 1;
        int slept = (int)Math.Min(milliseconds, LongestSleepMilliseconds);
        Monitor.Wait(monitor, slept);
        _clock?.Slept(slept);
    }

    /// <summary>The moment of an explored schedule's virtual clock at which a wait for this deadline looks at it again.</summary>
    internal long VirtualNanoseconds =>
        ReferenceEquals(_clock, Clock.Monotonic) ? _nanoseconds : Clock.Monotonic.NowNanoseconds + (HasPassed ? 0 : 1_000_000);

    private static long DivideUp(long value, long divisor) => (value / divisor) + (value % divisor == 0 ? 0 : 1);
}
