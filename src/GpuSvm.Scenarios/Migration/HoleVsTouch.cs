namespace GpuSvm.Scenarios;

/// <summary>A page that was never touched begins in a device while the CPU and the device store into it, and a neighbour is protected.</summary>
public sealed class HoleVsTouch : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "hole-vs-touch";

    /// <inheritdoc/>
    public string Description =>
        "A page that was never touched begins in a device while the CPU and the device store into it, and a neighbour is protected.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        Errno error = machine.Mm.Discard(DeviceMachine.Address, Page.Size);
        SmallMachine.Demand(error == Errno.None, $"A page can be discarded: {error}.");
        run.Thread("driver", () => device.MoveIn(0));
        run.Thread("cpu", () => machine.Count(0, 0, 0, 2));
        run.Thread("device", () => device.Count(0, 1, 1));
        run.Thread("changer", () =>
        {
            Errno changed = machine.Mm.Protect(DeviceMachine.WordAt(1, 0), Page.Size, Protection.Read);
            SmallMachine.Demand(changed == Errno.None, $"A mapping can be protected: {changed}.");
        });
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, 2);
            machine.DemandWord(0, 1, 1);
        });
    }
}
