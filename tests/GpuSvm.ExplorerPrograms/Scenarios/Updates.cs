namespace GpuSvm.ExplorerPrograms;

/// <summary>Two threads or three that change one number.</summary>
internal static class Updates
{
    private const string NoneLost = "No update is lost.";

    public static void Lost(ScheduleRun run)
    {
        var word = new SharedWord();
        Twice(run, () => word.Value = word.Value + 1);
        run.AtEnd(() => Scenarios.Expect(word.Peek == 2, NoneLost));
    }

    public static void Locked(ScheduleRun run)
    {
        var guard = new RankedLock(LockRank.Device);
        var word = new SharedWord();
        Twice(run, () =>
        {
            using (guard.Enter())
            {
                word.Value = word.Value + 1;
            }
        });
        run.AtEnd(() => Scenarios.Expect(word.Peek == 2, NoneLost));
    }

    public static void Watched(ScheduleRun run)
    {
        var guard = new RankedLock(LockRank.Device);
        var left = new SharedWord();
        var right = new SharedWord();
        run.Thread("mover", () =>
        {
            using (guard.Enter())
            {
                left.Value = 1;
                right.Value = 1;
            }
        });
        run.Invariant("Left is never ahead of right.", () =>
        {
            using (guard.Enter())
            {
                guard.AssertHeld();
                return left.Value <= right.Value;
            }
        });
    }

    public static void Sequenced(ScheduleRun run)
    {
        var sequence = default(SequenceCounter);
        var words = new SharedWord[] { new(), new() };
        run.Thread("writer", () =>
        {
            sequence.Advance();
            words[0].Value = 1;
            words[1].Value = 1;
            sequence.Advance();
        });
        run.Thread("reader", () =>
        {
            long seen = sequence.Value;
            (int a, int b) = (words[0].Value, words[1].Value);
            bool steady = seen % 2 == 0 && sequence.Value == seen;
            Scenarios.Expect(!steady || a == b, "What a steady sequence covers belongs together.");
        });
    }

    public static void Wide(ScheduleRun run)
    {
        var guard = new RankedLock(LockRank.Device);
        var words = new SharedWord[] { new(), new(), new() };
        for (int i = 0; i < words.Length; i++)
        {
            SharedWord own = words[i];
            run.Thread($"worker {i}", () =>
            {
                for (int k = 0; k < 4; k++)
                {
                    own.Value = own.Value + 1;
                    using (guard.Enter())
                    {
                        own.Value = own.Peek;
                    }
                }
            });
        }

        run.AtEnd(() => Scenarios.Expect(words.All(word => word.Peek == 4), NoneLost));
    }

    private static void Twice(ScheduleRun run, Action body)
    {
        run.Thread("first", body);
        run.Thread("second", body);
    }
}
