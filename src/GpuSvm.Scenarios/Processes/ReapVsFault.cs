namespace GpuSvm.Scenarios;

/// <summary>The reaper takes a page that two threads touch: what it has taken does not come back empty. What a mirror holds back stays.</summary>
public sealed class ReapVsFault : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "reap-vs-fault";

    /// <inheritdoc/>
    public string Description =>
        "The reaper takes a page that two threads touch: what it has taken does not come back empty. What a mirror holds back stays.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new ProcessMachine(run, Deadline.Default);
        AddressSpace mm = machine.Parent.Mm;
        machine.MapUntouched();
        var notifier = new IntervalNotifier(new Waiter());
        Errno error = mm.Notifiers.Insert(notifier, AddressRange.PageAt(ProcessMachine.WordAt(0, 0)));
        ProcessMachine.Demand(error == Errno.None, $"A notifier can be inserted: {error}.");
        for (int i = 0; i < 2; i++)
        {
            CpuThread cpu = machine.Parent.Thread(i);
            VirtualAddress word = ProcessMachine.MovedWordAt(i);
            run.Thread($"cpu {i}", () => EndsByAFault(() => ProcessMachine.StoreTwice(cpu, word)));
        }

        run.Thread("reaper", () =>
        {
            Errno error = OomReaper.TryReap(mm, out ReapReport report);
            ProcessMachine.Demand(
                (error, report.ReapedMappings, report.SkippedMappings) == (Errno.None, 1, 1), $"What can be had at once is taken: {error}, {report}.");
        });
        machine.EndWith(run, () =>
        {
            mm.Notifiers.Remove(notifier);
            CpuThread cpu = machine.Parent.Thread(0);
            ProcessMachine.DemandWord("A page that was left out stays", cpu.Load<ulong>(ProcessMachine.WordAt(0, 0)), ProcessMachine.Mark);
            bool faults = EndsByAFault(() => cpu.Load<ulong>(ProcessMachine.MovedWordAt(0)));
            ProcessMachine.Demand(faults, "A page that was taken is gone.");
        });
    }

    private static bool EndsByAFault(Action body)
    {
        try
        {
            body();
            return false;
        }
        catch (SegmentationFaultException)
        {
            return true;
        }
    }

    /// <summary>A mirror that cannot drop an entry without waiting.</summary>
    private sealed class Waiter : IMirror
    {
        public RankedLock UpdateLock { get; } = new(LockRank.Update);

        public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation) =>
            invalidation.Blocking == InvalidationBlocking.Blockable;
    }
}
