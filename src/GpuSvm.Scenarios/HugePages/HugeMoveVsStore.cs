using System.Runtime.InteropServices;

namespace GpuSvm.Scenarios;

/// <summary>A huge page moves as a whole while the CPU and a device store into two parts of it.</summary>
public sealed class HugeMoveVsStore : IRaceScenario
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "huge-move-vs-store";

    /// <inheritdoc/>
    public string Description => "A huge page moves as a whole while the CPU and a device store into two parts of it.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        DeviceMachine machine = DeviceMachine.WithBlock(run);
        RaceDevice device = machine.AddDevice();
        Errno error = machine.Mm.Advise(DeviceMachine.Address, HugePage.Size, Advice.HugePage);
        SmallMachine.Demand(error == Errno.None, $"Huge pages can be asked for: {error}.");
        machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(0, 1), 5UL);
        FrameNumber old = machine.Mm.PageTable.Read(DeviceMachine.Address).Frame;
        run.Thread("device", () => device.Count(0, 0, Stores));
        run.Thread("cpu", () => machine.Count(0, 1, 0, Stores));
        run.Thread("driver", () => Move(machine));
        machine.EndWith(run, () =>
        {
            CpuPte entry = machine.Mm.PageTable.Read(DeviceMachine.Address);
            SmallMachine.Demand(entry.IsHuge && entry.Frame != old, "A huge page has moved, and is huge still.");
            SmallMachine.Demand(machine.Frames.AllocatedFrames == HugePage.PageCount, "The frames that it has left are free.");
            machine.DemandWord(0, 0, Stores);
            machine.DemandWord(0, 1, 5);
            machine.DemandWord(1, 0, Stores);
        });
    }

    /// <summary>Moves the block to other frames of the system, with the words that the race is about: points for all others say nothing.</summary>
    private static void Move(DeviceMachine machine)
    {
        var migration = new MigrateVma(machine.Mm, HugePage.PageCount);
        using (machine.Mm.MmapLock.EnterShared())
        {
            Errno error = migration.Setup(HugePage.BlockAt(DeviceMachine.Address), null, MigrateSelect.System | MigrateSelect.Compound);
            SmallMachine.Demand(error == Errno.None, $"A block can be asked for: {error}.");
        }

        MigratePfn source = migration.Source[0];
        SmallMachine.Demand(source is { Migrates: true, IsCompound: true }, "A huge page that nobody relies on is collected as one.");
        Errno allocated = machine.Frames.TryAllocateHuge(out FrameNumber head);
        SmallMachine.Demand(allocated == Errno.None, $"There are frames for a block: {allocated}.");
        foreach ((ulong page, int word) in new[] { (0UL, 0), (0UL, 1), (1UL, 0) })
        {
            SchedulePoint.Reach(SchedulePointKind.Word);
            WordOf(machine, head + page, word) = WordOf(machine, source.Frame + page, word);
        }

        migration.Destination[0] = MigratePfn.OfHuge(head);
        migration.MigratePages();
        SmallMachine.Demand(migration.Complete() == 1, "A huge page moves as one.");
    }

    private static ref ulong WordOf(DeviceMachine machine, FrameNumber frame, int word) =>
        ref MemoryMarshal.Cast<byte, ulong>(machine.Memory.Frame(frame))[word];
}
