namespace GpuSvm.Scenarios;

/// <summary>Somebody pins a page and stores into its frame directly while it is to be moved: the page stays, or has moved before.</summary>
public sealed class PinVsMigrate : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "pin-vs-migrate";

    /// <inheritdoc/>
    public string Description => "Somebody pins a page and stores into its frame directly while it is to be moved: the page stays, or has moved before.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        run.Thread("pinner", () =>
        {
            FrameNumber frame;
            using (machine.Mm.MmapLock.EnterShared())
            {
                Errno error = machine.Mm.TryPin(DeviceMachine.WordAt(0, 0), CpuAccess.Write, out frame);
                SmallMachine.Demand(error == Errno.None, $"A mapped page can be pinned: {error}.");
            }

            SchedulePoint.Reach(SchedulePointKind.Word);
            BitConverter.TryWriteBytes(machine.Frames.Memory.Frame(frame)[8..], 5UL);
            machine.Frames.Put(frame);
        });
        run.Thread("driver", () => device.MoveIn(0));
        machine.EndWith(run, () => machine.DemandWord(0, 1, 5));
    }
}
