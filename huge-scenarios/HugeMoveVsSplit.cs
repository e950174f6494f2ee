namespace GpuSvm.Scenarios;

/// <summary>A huge page is moved by its address, while the CPU stores into it and most of it is unmapped.</summary>
public sealed class HugeMoveVsSplit : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "huge-move-vs-split";

    /// <inheritdoc/>
    public string Description => "A huge page is moved by its address, while the CPU stores into it and most of it is unmapped.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run) => HugeMoves.Build(run, Move);

    private static void Move(DeviceMachine machine)
    {
        const MigrateSelect Whole = MigrateSelect.System | MigrateSelect.Compound;
        var migration = new MigrateVma(machine.Mm, HugePage.PageCount);
        using (machine.Mm.MmapLock.EnterShared())
        {
            AddressRange block = HugePage.BlockAt(DeviceMachine.Address);
            Errno error = migration.Setup(block, null, Whole);
            if (error == Errno.EINVAL)
            {
                // Most of it is gone.
                error = migration.Setup(AddressRange.FromLength(block.Start, DeviceMachine.PageCount * Page.Size), null, Whole);
            }

            SmallMachine.Demand(error == Errno.None, $"What is mapped can be asked for: {error}.");
        }

        HugeMoves.Fill(machine.Frames, migration.Source, migration.Destination);
        migration.MigratePages();
        migration.Complete();
    }
}
