namespace GpuSvm.Scenarios;

/// <summary>A huge page is moved by its frames, while the CPU stores into it and most of it is unmapped.</summary>
public sealed class HugeEmptyVsSplit : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "huge-empty-vs-split";

    /// <inheritdoc/>
    public string Description => "A huge page is moved by its frames, while the CPU stores into it and most of it is unmapped.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run) => HugeMoves.Build(run, Move);

    private static void Move(DeviceMachine machine)
    {
        CpuPte entry = machine.Mm.PageTable.Read(DeviceMachine.Address);
        var migration = new MigrateFrames(machine.Frames, HugePage.PageCount);
        migration.Setup(entry.Frame, entry.IsHuge ? HugePage.PageCount : DeviceMachine.PageCount);
        HugeMoves.Fill(machine.Frames, migration.Source, migration.Destination);
        migration.MigratePages();
        migration.Complete();
    }
}
