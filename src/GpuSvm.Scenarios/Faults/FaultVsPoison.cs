namespace GpuSvm.Scenarios;

/// <summary>The bytes of a page get lost while the CPU and a device touch it: from then on nobody reaches it.</summary>
public sealed class FaultVsPoison : IRaceScenario
{
    private const int Accesses = 3;

    /// <inheritdoc/>
    public string Name => "fault-vs-poison";

    /// <inheritdoc/>
    public string Description => "The bytes of a page get lost while the CPU and a device touch it: from then on nobody reaches it.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        FrameNumber frame = machine.Mm.PageTable.Read(DeviceMachine.Address).Frame;
        bool isLost = false;
        run.Thread("device", () => TouchUntilLost(Errno.EFAULT, () => isLost, i => device.Store(0, 0, i), () => device.Load(0, 0)));
        run.Thread("cpu", () => TouchUntilLost(
            Errno.EIO,
            () => isLost,
            i => machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(0, 1), i),
            () => machine.Cpu.Thread(0).Load<ulong>(DeviceMachine.WordAt(0, 1))));
        run.Thread("memory", () =>
        {
            Errno error = machine.Mm.Advise(DeviceMachine.Address, Page.Size, Advice.Poison);
            SmallMachine.Demand(error == Errno.None, $"Bytes that nobody relies on get lost: {error}.");
            isLost = true;
        });
        machine.EndWith(run, () =>
        {
            SmallMachine.Demand(machine.Mm.PageTable.Read(DeviceMachine.Address).IsPoisoned, "The entry says that its bytes are lost.");
            SmallMachine.Demand(machine.Frames.ReferenceCount(frame) == 0, "Nobody has the frame any more.");
            machine.DemandWord(1, 0, 0);
        });
    }

    /// <summary>Stores and loads until that fails as it must when the bytes are lost.</summary>
    private static void TouchUntilLost(Errno lost, Func<bool> isLost, Action<ulong> store, Func<ulong> load)
    {
        try
        {
            for (ulong i = 1; i <= Accesses; i++)
            {
                store(i);
                bool wasLost = isLost();
                ulong found = load();
                SmallMachine.Demand(!wasLost, "A page whose bytes are lost is not read.");
                SmallMachine.Demand(found == i, $"No store is lost before its page is: {found} of {i}.");
            }
        }
        catch (SvmException error) when (error.Error == lost)
        {
            // Nothing else ends an access here: what came before it was looked at.
        }
    }
}
