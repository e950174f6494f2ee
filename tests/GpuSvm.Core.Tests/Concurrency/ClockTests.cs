using GpuSvm.Core.Tests.Infrastructure;

namespace GpuSvm.Core.Tests.Concurrency;

public class ClockTests
{
    [Fact]
    public void Monotonic_time_never_goes_back()
    {
        long last = Clock.Monotonic.NowNanoseconds;
        for (int i = 0; i < 10_000; i++)
        {
            long now = Clock.Monotonic.NowNanoseconds;
            Assert.True(now >= last);
            last = now;
        }
    }

    [Fact]
    public void A_manual_clock_moves_only_when_it_is_moved()
    {
        var clock = new ManualClock();
        Assert.Equal(0, clock.NowNanoseconds);
        clock.Advance(TimeSpan.FromMilliseconds(3));
        Assert.Equal(3_000_000, clock.NowNanoseconds);
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void A_deadline_passes_at_its_moment()
    {
        var clock = new ManualClock();
        Deadline deadline = clock.After(TimeSpan.FromTicks(10));
        clock.Advance(TimeSpan.FromTicks(9));
        Assert.False(deadline.HasPassed);
        Assert.Equal(TimeSpan.FromTicks(1), deadline.Remaining);

        clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(deadline.HasPassed);
        Assert.Equal(TimeSpan.Zero, deadline.Remaining);

        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(TimeSpan.Zero, deadline.Remaining);
    }

    [Fact]
    public void A_deadline_beyond_the_end_of_time_never_passes()
    {
        var clock = new ManualClock();
        clock.Advance(TimeSpan.FromDays(1));
        Assert.False(clock.After(TimeSpan.MaxValue).HasPassed);
        Assert.False(Clock.Monotonic.After(TimeSpan.MaxValue).HasPassed);
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.After(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void The_default_deadline_has_passed_and_the_usual_bound_is_a_second()
    {
        Assert.True(default(Deadline).HasPassed);
        Assert.Equal(TimeSpan.Zero, default(Deadline).Remaining);
        Assert.Equal(TimeSpan.FromSeconds(1), Deadline.Default);
    }

    [Fact]
    public void A_step_clock_goes_on_by_a_microsecond_a_look_and_a_millisecond_a_sleep()
    {
        var clock = new StepClock();
        Assert.Equal(1000, clock.NowNanoseconds);
        Assert.Equal(2000, clock.NowNanoseconds);

        // A look for the deadline, one before each of three sleeps and one behind them, and the one here.
        Assert.False(new WakeEvent().Wait(clock.After(TimeSpan.FromMilliseconds(3))));
        Assert.Equal(3_008_000, clock.NowNanoseconds);
    }

    [Fact]
    public void A_sequence_counter_counts_every_advance_of_every_thread()
    {
        var counter = new SequenceCounter();
        Together.Run(4, _ =>
        {
            for (int round = 0; round < 2_000_000; round++)
            {
                counter.Advance();
            }
        });

        Assert.Equal(8_000_000, counter.Value);
    }
}
