namespace GpuSvm.Scenarios;

/// <summary>A device stores into a page as soon as it has moved there: the CPU, which has looked before, sees that or waits.</summary>
public sealed class LoadVsDetach : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "load-vs-detach";

    /// <inheritdoc/>
    public string Description => "A device stores into a page as soon as it has moved there: the CPU, which has looked before, sees that or waits.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        int isStored = 0;
        run.Thread("driver", () => device.MoveIn(0, frame =>
        {
            device.StoreInto(frame, 0, 1);
            SharedWord.Write(ref isStored, 1);
        }));
        run.Thread("cpu", () =>
        {
            for (int i = 0; i < 3; i++)
            {
                bool mustSee = SharedWord.Read(ref isStored) == 1;
                ulong value = machine.Cpu.Thread(0).Load<ulong>(DeviceMachine.WordAt(0, 0));
                SmallMachine.Demand(value == 1 || !mustSee, "The CPU sees what a device has stored into the new frame of a page.");
            }
        });
        machine.EndWith(run, () => machine.DemandWord(0, 0, 1));
    }
}
