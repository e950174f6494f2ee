namespace GpuSvm.Core;

/// <summary>A moment on a clock after which an operation stops trying.</summary>
public readonly struct Deadline
{
    private readonly Clock _clock;
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
    public bool HasPassed => _clock.NowNanoseconds >= _nanoseconds;

    /// <summary>Time left; zero when the moment has come.</summary>
    public TimeSpan Remaining
    {
        get
        {
            long left = _nanoseconds - _clock.NowNanoseconds;
            return left > 0 ? TimeSpan.FromTicks((left + 99) / 100) : TimeSpan.Zero;
        }
    }

    /// <summary>True if the deadline's clock moves by itself, so that a wait may sleep until it.</summary>
    internal bool IsRealTime => ReferenceEquals(_clock, Clock.Monotonic);
}
