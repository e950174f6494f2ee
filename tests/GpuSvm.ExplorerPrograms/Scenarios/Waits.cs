namespace GpuSvm.ExplorerPrograms;

/// <summary>Threads that wait for each other, by each primitive that can.</summary>
internal static class Waits
{
    public static void LockCycle(ScheduleRun run)
    {
        var outer = new RankedLock(LockRank.Block);
        var inner = new RankedLock(LockRank.Page);
        run.Thread("down", () => Both(outer, inner));
        run.Thread("up", () => Both(inner, outer));
    }

    public static void LostWakeUp(ScheduleRun run)
    {
        var guard = new RankedLock(LockRank.Device);
        var queue = new WaitQueue(guard);
        bool ready = false;
        run.Thread("waiter", () =>
        {
            if (!ready)
            {
                using (guard.Enter())
                {
                    queue.Wait(Clock.Monotonic.After(TimeSpan.MaxValue));
                }
            }
        });
        run.Thread("waker", () => Announce(guard, queue, () => ready = true));
    }

    public static void Condition(ScheduleRun run)
    {
        var guard = new RankedLock(LockRank.Device);
        var queue = new WaitQueue(guard);
        bool ready = false;
        run.Thread("waiter", () =>
        {
            using (guard.Enter())
            {
                while (!ready)
                {
                    queue.Wait(Clock.Monotonic.After(TimeSpan.MaxValue));
                }
            }
        });
        run.Thread("waker", () => Announce(guard, queue, () => ready = true));
    }

    public static void Deadlines(ScheduleRun run)
    {
        var never = new WakeEvent();
        run.Thread("sleeper", () =>
        {
            long before = Clock.Monotonic.NowNanoseconds;
            bool woken = never.Wait(Clock.Monotonic.After(TimeSpan.FromSeconds(1000)));
            long waited = Clock.Monotonic.NowNanoseconds - before;
            Scenarios.Expect(!woken && waited is >= 1_000_000_000_000 and < 1_001_000_000_000, "A wait ends at its deadline.");
        });
        run.Thread("other", () => Scenarios.Expect(!never.Wait(Clock.Monotonic.After(TimeSpan.FromSeconds(1))), "It is not woken."));
    }

    /// <summary>A thread asks again and again for what another one never brings, which has ended.</summary>
    public static void Starved(ScheduleRun run) => Poll(run, times: int.MaxValue);

    /// <summary>A thread asks three times, for less than a second in all, and gives up.</summary>
    public static void Patient(ScheduleRun run) => Poll(run, times: 3);

    public static void Queue(ScheduleRun run)
    {
        var queue = new WorkQueue("worker");
        int ran = 0;
        run.Thread("first", () => queue.Enqueue(new WorkItem(() => ran++)));
        run.Thread("second", () =>
        {
            queue.Enqueue(new WorkItem(() => ran++));
            Scenarios.Expect(queue.Flush(Clock.Monotonic.After(Deadline.Default)) && ran >= 1, "A flush waits for what was queued before.");
        });
        run.AtEnd(() =>
        {
            queue.Dispose();
            Scenarios.Expect(ran == 2, "Each item runs once.");
        });
    }

    public static void Event(ScheduleRun run)
    {
        var there = new WakeEvent();
        var back = new WakeEvent();
        int turns = 0;
        run.Thread("server", () =>
        {
            for (int i = 0; i < 3; i++)
            {
                there.Wait();
                turns++;
                back.Set();
            }
        });
        run.Thread("client", () =>
        {
            for (int i = 1; i <= 3; i++)
            {
                there.Set();
                Scenarios.Expect(back.Wait(Clock.Monotonic.After(Deadline.Default)) && turns == i, "Each request is served once.");
            }
        });
    }

    public static void Shared(ScheduleRun run)
    {
        var guard = new RankedSharedLock(LockRank.Mmap);
        int readers = 0;
        int writers = 0;
        run.Invariant("A writer is alone.", () => writers == 0 || (writers == 1 && readers == 0));
        foreach (string name in (string[])["reader 1", "reader 2"])
        {
            run.Thread(name, () =>
            {
                using (guard.EnterShared())
                {
                    readers++;
                    SchedulePoint.Reach(SchedulePointKind.Word);
                    readers--;
                }
            });
        }

        run.Thread("writer", () =>
        {
            using (guard.EnterExclusive())
            {
                guard.AssertHeldExclusively();
                writers++;
                SchedulePoint.Reach(SchedulePointKind.Word);
                writers--;
            }
        });
    }

    public static void TryShared(ScheduleRun run)
    {
        var guard = new RankedSharedLock(LockRank.Mmap);
        bool alone = false;
        run.Thread("writer", () =>
        {
            using (guard.EnterExclusive())
            {
                alone = true;
                SchedulePoint.Reach(SchedulePointKind.Word);
                alone = false;
            }
        });
        run.Thread("reader", () =>
        {
            bool got = guard.TryEnterShared(out RankedSharedLock.SharedScope scope);
            using (scope)
            {
                Scenarios.Expect(got == guard.IsHeldByCurrentThread && !(got && alone), "A lock that one has alone is not shared.");
            }
        });
    }

    public static void Tasks(ScheduleRun run)
    {
        var done = new TaskCompletionSource();
        var word = new SharedWord();
        run.Thread("completes", () =>
        {
            word.Value = 1;
            done.SetResult();
        });
        run.Thread("awaits", () =>
        {
            run.Await(done.Task);
            Scenarios.Expect(word.Value == 1, "What was done before the task completed is seen.");
        });
    }

    private static void Poll(ScheduleRun run, int times)
    {
        var never = new WakeEvent();
        run.DemandProgress(TimeSpan.FromSeconds(1));
        run.Thread("poller", () =>
        {
            for (int i = 0; i < times && !never.Wait(Clock.Monotonic.After(TimeSpan.FromMilliseconds(300))); i++)
            {
                // Looks again.
            }
        });
        run.Thread("other", () => { });
    }

    private static void Both(RankedLock first, RankedLock second)
    {
        using (first.Enter())
        using (second.Enter())
        {
            SchedulePoint.Reach(SchedulePointKind.Word);
        }
    }

    private static void Announce(RankedLock guard, WaitQueue queue, Action change)
    {
        using (guard.Enter())
        {
            change();
        }

        queue.WakeAll();
    }
}
