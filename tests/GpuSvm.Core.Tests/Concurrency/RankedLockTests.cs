using GpuSvm.Core.Tests.Infrastructure;

namespace GpuSvm.Core.Tests.Concurrency;

public class RankedLockTests
{
    private const int Threads = 4;
    private const int Rounds = 4_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void One_thread_at_a_time_is_inside()
    {
        var guard = new RankedLock(LockRank.Page);
        int counter = 0;
        int inside = 0;
        int together = 0;
        Together.Run(Threads, _ =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                using (guard.Enter())
                {
                    together += Interlocked.Increment(ref inside) - 1;
                    counter++;
                    Thread.Yield();
                    Interlocked.Decrement(ref inside);
                }
            }
        });

        Assert.Equal(Threads * Rounds, counter);
        Assert.Equal(0, together);
    }

    [Fact]
    public void A_trylock_fails_while_the_lock_is_held_and_its_scope_does_nothing()
    {
        var guard = new RankedLock(LockRank.Page);
        using (guard.Enter())
        {
            Assert.False(guard.TryEnter(out RankedLock.Scope own));
            own.Dispose();
            Assert.True(guard.IsHeldByCurrentThread);

            bool taken = true;
            SvmThread.Start("other", () => taken = guard.TryEnter(out _)).Join();
            Assert.False(taken);
        }

        Assert.True(guard.TryEnter(out RankedLock.Scope scope));
        scope.Dispose();
        Assert.False(guard.IsHeldByCurrentThread);
    }

    [Fact]
    public void A_lock_that_must_be_held_is_checked()
    {
        var guard = new RankedLock(LockRank.Page);
        var shared = new RankedSharedLock(LockRank.Mmap);
        Assert.Throws<InvariantException>(guard.AssertHeld);
        Assert.Throws<InvariantException>(shared.AssertHeld);
        using (shared.EnterShared())
        using (guard.Enter())
        {
            guard.AssertHeld();
            shared.AssertHeld();
            Assert.Throws<InvariantException>(shared.AssertHeldExclusively);
        }

        using (shared.EnterExclusive())
        {
            shared.AssertHeld();
            shared.AssertHeldExclusively();
        }
    }

    [Fact]
    public void Lanes_are_held_at_the_same_time_and_the_whole_lock_by_nobody_meanwhile()
    {
        var guard = new RankedLock(LockRank.Page, lanes: 2);
        var here = new WakeEvent();
        var done = new WakeEvent();
        SvmThread other = SvmThread.Start("other lane", () =>
        {
            using (guard.EnterLane(1))
            {
                here.Set();
                done.Wait(Clock.Monotonic.After(Patience));
            }
        });
        Assert.True(here.Wait(Clock.Monotonic.After(Patience)));
        using (guard.EnterLane(0))
        {
            guard.AssertLaneHeld();
            Assert.False(guard.IsHeldByCurrentThread);
            Assert.Throws<InvariantException>(guard.AssertHeld);
        }

        Assert.False(guard.TryEnter(out RankedLock.Scope whole));
        whole.Dispose();
        Assert.Throws<InvariantException>(guard.AssertLaneHeld);
        done.Set();
        other.Join();

        Assert.True(guard.TryEnter(out whole));
        guard.AssertHeld();
        guard.AssertLaneHeld();
        whole.Dispose();
        Assert.False(guard.IsHeldByCurrentThread);
        Assert.Equal(0, HeldLocks.Count);
    }

    [Fact]
    public void Who_has_a_lock_with_lanes_keeps_every_lane_out()
    {
        var guard = new RankedLock(LockRank.Page, lanes: Threads);
        int[] entries = new int[Threads];
        int torn = 0;
        Together.Run(Threads, thread =>
        {
            for (int i = 0; i < Rounds / 20; i++)
            {
                using (guard.EnterLane(thread))
                {
                    entries[thread]++;
                    Thread.Yield();
                    entries[thread]--;
                }

                using (guard.Enter())
                {
                    torn += entries.Sum();
                }
            }
        });

        Assert.Equal(0, torn);
    }

    [Fact]
    public void Sharers_are_inside_together()
    {
        var shared = new RankedSharedLock(LockRank.Mmap);
        var here = new WakeEvent();
        var there = new WakeEvent();
        bool met = false;
        SvmThread other = SvmThread.Start("other sharer", () =>
        {
            using (shared.EnterShared())
            {
                here.Set();
                met = there.Wait(Clock.Monotonic.After(Patience));
            }
        });
        using (shared.EnterShared())
        {
            Assert.True(here.Wait(Clock.Monotonic.After(Patience)));
            there.Set();
        }

        other.Join();
        Assert.True(met);
    }

    [Fact]
    public void Who_has_the_lock_alone_sees_no_other()
    {
        var shared = new RankedSharedLock(LockRank.Mmap);
        long low = 0;
        long high = 0;
        int torn = 0;
        Together.Run(Threads, _ =>
        {
            var random = new SeededRandom((ulong)SvmThread.CurrentId);
            for (int i = 0; i < Rounds; i++)
            {
                if (random.Next(4) == 0)
                {
                    using (shared.EnterExclusive())
                    {
                        low++;
                        Thread.Yield();
                        high++;
                    }
                }
                else
                {
                    using (shared.EnterShared())
                    {
                        torn += low == high ? 0 : 1;
                    }
                }
            }
        });

        Assert.Equal(0, torn);
        Assert.Equal(low, high);
        Assert.True(low > 0);
    }
}
