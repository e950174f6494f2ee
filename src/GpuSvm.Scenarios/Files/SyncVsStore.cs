namespace GpuSvm.Scenarios;

/// <summary>The CPU and a device store into a page of a file that is written back again and again: in the end all is in the file.</summary>
public sealed class SyncVsStore : IRaceScenario
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "sync-vs-store";

    /// <inheritdoc/>
    public string Description =>
        "The CPU and a device store into a page of a file that is written back again and again: in the end all is in the file.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        DeviceMachine machine = DeviceMachine.WithFile(run);
        RaceDevice device = machine.AddDevice();
        machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(0, 2), 5UL);
        machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(1, 0), 6UL);
        run.Thread("device", () => device.Count(0, 0, Stores));
        run.Thread("cpu", () => machine.Count(0, 0, 1, Stores));
        run.Thread("program", () =>
        {
            Sync(machine);
            machine.DemandFileWord(0, 2, 5);
            machine.DemandFileWord(1, 0, 6);
            Sync(machine);
        });
        machine.EndWith(run, () =>
        {
            Sync(machine);
            machine.DemandFileWord(0, 0, Stores);
            machine.DemandFileWord(0, 1, Stores);
            machine.DemandWord(0, 0, Stores);
            machine.DemandWord(0, 1, Stores);
        });
    }

    private static void Sync(DeviceMachine machine)
    {
        Errno error = machine.Mm.Sync(DeviceMachine.Address, DeviceMachine.PageCount * Page.Size);
        SmallMachine.Demand(error == Errno.None, $"A file takes what was stored: {error}.");
    }
}
