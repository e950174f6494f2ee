namespace GpuSvm.Scenarios;

/// <summary>The CPU and a device store into pages that become a huge page.</summary>
public sealed class CollapseVsStore : IRaceScenario
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "collapse-vs-store";

    /// <inheritdoc/>
    public string Description => "The CPU and a device store into pages that become a huge page.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        DeviceMachine machine = DeviceMachine.WithBlock(run);
        RaceDevice device = machine.AddDevice();
        machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(0, 1), 5UL);
        run.Thread("device", () => device.Count(0, 0, Stores));
        run.Thread("cpu", () => machine.Count(0, 1, 0, Stores));
        run.Thread("program", () =>
        {
            Errno error = machine.Mm.Advise(DeviceMachine.Address, HugePage.Size, Advice.Collapse);
            SmallMachine.Demand(error == Errno.None, $"Pages that nobody relies on become a huge page: {error}.");
        });
        machine.EndWith(run, () =>
        {
            CpuPte entry = machine.Mm.PageTable.Read(DeviceMachine.Address);
            SmallMachine.Demand(entry.IsHuge && machine.Frames.AllocatedFrames == HugePage.PageCount, "One huge page is left.");
            machine.DemandWord(0, 0, Stores);
            machine.DemandWord(0, 1, 5);
            machine.DemandWord(1, 0, Stores);
        });
    }
}
