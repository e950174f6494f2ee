namespace GpuSvm.Core.Tests.Concurrency;

public class WaitQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly RankedLock _guard = new(LockRank.Device);
    private readonly WaitQueue _changed;

    public WaitQueueTests() => _changed = new WaitQueue(_guard);

    [Fact]
    public void No_wake_up_is_lost_when_threads_take_turns()
    {
        const int Threads = 8;
        const int Rounds = 300;
        int turn = 0;
        SvmThread[] threads = Enumerable.Range(0, Threads).Select(id => SvmThread.Start($"turn {id}", () =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                Deadline deadline = Clock.Monotonic.After(Patience);
                using (_guard.Enter())
                {
                    while (turn % Threads != id)
                    {
                        Assert.True(_changed.Wait(deadline), $"Thread {id} was not woken in round {round}.");
                    }

                    turn++;
                }

                _changed.WakeAll();
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Join());

        Assert.Equal(Threads * Rounds, turn);
    }

    [Fact]
    public void One_wake_up_reaches_every_waiter()
    {
        const int Threads = 8;
        int waiting = 0;
        bool open = false;
        int passed = 0;
        SvmThread[] threads = Enumerable.Range(0, Threads).Select(id => SvmThread.Start($"waiter {id}", () =>
        {
            using (_guard.Enter())
            {
                waiting++;
                while (!open)
                {
                    Assert.True(_changed.Wait(Clock.Monotonic.After(Patience)));
                }

                passed++;
            }
        })).ToArray();

        // A waiter counts itself and reads the generation without letting go of the guard in between.
        bool all = false;
        while (!all)
        {
            using (_guard.Enter())
            {
                all = open = waiting == Threads;
            }
        }

        _changed.WakeAll();
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(Threads, passed);
    }

    [Fact]
    public void A_real_deadline_ends_a_wait_that_nobody_wakes()
    {
        Deadline deadline = Clock.Monotonic.After(TimeSpan.FromMilliseconds(5));
        using (_guard.Enter())
        {
            Assert.False(_changed.Wait(deadline));
            Assert.True(_guard.IsHeldByCurrentThread);
        }

        Assert.True(deadline.HasPassed);
    }

    [Fact]
    public void A_deadline_of_a_manual_clock_ends_a_wait_when_the_clock_is_moved()
    {
        var clock = new ManualClock();
        Deadline deadline = clock.After(TimeSpan.FromHours(1));
        var waiting = new WakeEvent();
        bool woken = true;
        SvmThread waiter = SvmThread.Start("waiter", () =>
        {
            using (_guard.Enter())
            {
                waiting.Set();
                woken = _changed.Wait(deadline);
            }
        });
        Assert.True(waiting.Wait(Clock.Monotonic.After(Patience)));
        clock.Advance(TimeSpan.FromHours(1));
        waiter.Join();

        Assert.False(woken);
    }

    [Fact]
    public void A_wait_may_be_as_long_as_a_TimeSpan()
    {
        bool done = false;
        SvmThread waiter = SvmThread.Start("waiter", () =>
        {
            using (_guard.Enter())
            {
                while (!done)
                {
                    Assert.True(_changed.Wait(Clock.Monotonic.After(TimeSpan.MaxValue)));
                }
            }
        });
        using (_guard.Enter())
        {
            done = true;
        }

        _changed.WakeAll();
        waiter.Join();
    }

    [Fact]
    public void A_wait_without_the_guard_or_with_an_inner_lock_is_caught()
    {
        Deadline deadline = Clock.Monotonic.After(TimeSpan.Zero);
        Assert.Throws<InvariantException>(() => _changed.Wait(deadline));

        var inner = new RankedLock(LockRank.Telemetry);
        using (_guard.Enter())
        using (inner.Enter())
        {
            Assert.Throws<InvariantException>(() => _changed.Wait(deadline));
            Assert.True(_guard.IsHeldByCurrentThread && inner.IsHeldByCurrentThread);
        }

        var outer = new RankedLock(LockRank.Mmap);
        using (outer.Enter())
        using (_guard.Enter())
        {
            Assert.False(_changed.Wait(deadline));
        }
    }
}
