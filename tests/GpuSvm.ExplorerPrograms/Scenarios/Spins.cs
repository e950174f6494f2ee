namespace GpuSvm.ExplorerPrograms;

/// <summary>Threads that spin, throw, or will not end.</summary>
internal static class Spins
{
    public static void Right(ScheduleRun run)
    {
        var word = new SharedWord();
        SpinOn(run, word, "spinner 1");
        SpinOn(run, word, "spinner 2");
        run.Thread("setter", () =>
        {
            SchedulePoint.Reach(SchedulePointKind.Lock);
            word.Value = 1;
        });
    }

    public static void Forever(ScheduleRun run) => SpinOn(run, new SharedWord(), "spinner");

    public static void BothForever(ScheduleRun run)
    {
        var word = new SharedWord();
        SpinOn(run, word, "spinner 1");
        SpinOn(run, word, "spinner 2");
    }

    /// <summary>A thread that catches what should unwind it, for ever.</summary>
    public static void Stubborn(ScheduleRun run)
    {
        var word = new SharedWord();
        run.Thread("stubborn", () =>
        {
            while (true)
            {
                try
                {
                    word.Value++;
                }
                catch (ScheduleAbortedException)
                {
                    // It goes on.
                }
            }
        });
    }

    public static void ThreadFails(ScheduleRun run)
    {
        SvmThread? inner = null;
        run.Thread("outer", () =>
        {
            inner = SvmThread.Start("inner", () => throw new InvalidOperationException("inner failed"));
            SchedulePoint.Reach(SchedulePointKind.Word);
        });
        run.AtEnd(() => Scenarios.Expect(inner is not null, "It was started."));
    }

    public static void Rank(ScheduleRun run)
    {
        var outer = new RankedLock(LockRank.Block);
        var inner = new RankedLock(LockRank.Page);
        run.Thread("wrong", () =>
        {
            using (inner.Enter())
            using (outer.Enter())
            {
                SchedulePoint.Reach(SchedulePointKind.Word);
            }
        });
    }

    private static void SpinOn(ScheduleRun run, SharedWord word, string name) => run.Thread(name, () =>
    {
        var spin = default(Spin);
        while (word.Value == 0)
        {
            spin.Once();
        }
    });
}
