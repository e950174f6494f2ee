namespace GpuSvm.Core;

/// <summary>
/// A clock that goes on by being used: a microsecond for each look at it, a millisecond for each that a wait for one of its deadlines
/// sleeps.
/// </summary>
/// <remarks>
/// So what one thread does alone takes the same time again, however fast it runs, and every deadline passes. Between looks it stands still.
/// </remarks>
public sealed class StepClock : Clock
{
    /// <summary>What a look at the clock takes.</summary>
    private const long NanosecondsOfLook = 1000;

    private long _now;

    /// <inheritdoc/>
    public override long NowNanoseconds => Interlocked.Add(ref _now, NanosecondsOfLook);

    /// <inheritdoc/>
    internal override void Slept(int milliseconds) => Interlocked.Add(ref _now, milliseconds * 1_000_000L);
}
