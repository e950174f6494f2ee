namespace GpuSvm.Scenarios;

/// <summary>The CPU and a device store into a huge page that nobody has written yet, while a part of it is taken away.</summary>
public sealed class SplitVsStore : IRaceScenario
{
    private const ulong Value = 7;

    /// <inheritdoc/>
    public string Name => "split-vs-store";

    /// <inheritdoc/>
    public string Description => "The CPU and a device store into a huge page that nobody has written yet, while a part of it is taken away.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        DeviceMachine machine = DeviceMachine.WithBlock(run);
        RaceDevice device = machine.AddDevice();
        EnterClean(machine);
        run.Thread("device", () => device.Store(0, 0, Value));
        run.Thread("cpu", () => machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(1, 0), Value));
        run.Thread("program", () => machine.Mm.Unmap(DeviceMachine.WordAt(HugePage.PageCount - 1, 0), Page.Size));
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, Value);
            CpuPte stored = machine.Mm.PageTable.Read(DeviceMachine.WordAt(1, 0));
            SmallMachine.Demand(!stored.IsHuge && stored.IsDirty, "A page that was stored to says so when it has come out of a huge one.");
            machine.DemandWord(1, 0, Value);
        });
    }

    /// <summary>Has the block begin as a huge page that the CPU has not touched.</summary>
    private static void EnterClean(DeviceMachine machine)
    {
        var migration = new MigrateVma(machine.Mm, HugePage.PageCount);
        using (machine.Mm.MmapLock.EnterShared())
        {
            Errno error = migration.Setup(HugePage.BlockAt(DeviceMachine.Address), null, MigrateSelect.System | MigrateSelect.Compound);
            SmallMachine.Demand(error == Errno.None, $"A block can be asked for: {error}.");
            error = machine.Frames.TryAllocateHuge(out FrameNumber head);
            SmallMachine.Demand(error == Errno.None, $"There are frames for a block: {error}.");
            migration.Destination[0] = MigratePfn.OfHuge(head);
            migration.MigratePages();
        }

        SmallMachine.Demand(migration.Complete() == 1, "A block begins as a huge page.");
    }
}
