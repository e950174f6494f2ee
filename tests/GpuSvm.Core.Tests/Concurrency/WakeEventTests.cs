namespace GpuSvm.Core.Tests.Concurrency;

public class WakeEventTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_signal_stays_until_one_waiter_has_taken_it()
    {
        var signal = new WakeEvent();
        signal.Set();
        signal.Set();

        signal.Wait();
        Assert.False(signal.Wait(Clock.Monotonic.After(TimeSpan.Zero)));
    }

    [Fact]
    public void A_signal_that_is_set_is_taken_even_when_the_deadline_has_passed()
    {
        var signal = new WakeEvent();
        signal.Set();

        Assert.True(signal.Wait(default));
        Assert.False(signal.Wait(default));
    }

    [Fact]
    public void Two_threads_pass_a_ball()
    {
        const int Rounds = 2_000;
        var ping = new WakeEvent();
        var pong = new WakeEvent();
        int returned = 0;
        SvmThread other = SvmThread.Start("pong", () =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                Assert.True(ping.Wait(Clock.Monotonic.After(Patience)));
                returned++;
                pong.Set();
            }
        });
        for (int i = 0; i < Rounds; i++)
        {
            ping.Set();
            Assert.True(pong.Wait(Clock.Monotonic.After(Patience)), $"The ball was lost in round {i}.");
            Assert.Equal(i + 1, returned);
        }

        other.Join();
    }

    [Fact]
    public void Each_signal_lets_one_of_many_waiters_go()
    {
        const int Threads = 4;
        var signal = new WakeEvent();
        var taken = new WakeEvent();
        int passed = 0;
        SvmThread[] threads = Enumerable.Range(0, Threads).Select(i => SvmThread.Start($"waiter {i}", () =>
        {
            Assert.True(signal.Wait(Clock.Monotonic.After(Patience)));
            Interlocked.Increment(ref passed);
            taken.Set();
        })).ToArray();
        for (int i = 1; i <= Threads; i++)
        {
            signal.Set();
            Assert.True(taken.Wait(Clock.Monotonic.After(Patience)));
            Assert.Equal(i, Volatile.Read(ref passed));
        }

        Array.ForEach(threads, thread => thread.Join());
    }

    [Fact]
    public void A_manual_clock_ends_a_wait()
    {
        var clock = new ManualClock();
        Deadline deadline = clock.After(TimeSpan.FromDays(1));
        var signal = new WakeEvent();
        bool taken = true;
        SvmThread waiter = SvmThread.Start("waiter", () => taken = signal.Wait(deadline));
        clock.Advance(TimeSpan.FromDays(1));
        waiter.Join();

        Assert.False(taken);
    }
}
