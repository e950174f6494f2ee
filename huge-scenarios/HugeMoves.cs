namespace GpuSvm.Scenarios;

/// <summary>A huge page that is moved while the CPU stores into it and all of it but the first pages is taken away.</summary>
internal static class HugeMoves
{
    private const int Stores = 2;

    /// <summary>Sets the race up.</summary>
    /// <param name="run">The run.</param>
    /// <param name="move">Sets a migration up, gives the pages their destinations by <see cref="Fill"/>, and ends it.</param>
    public static void Build(ScheduleRun run, Action<DeviceMachine> move)
    {
        DeviceMachine machine = DeviceMachine.WithBlock(run);
        Errno error = machine.Mm.Advise(DeviceMachine.Address, HugePage.Size, Advice.HugePage);
        SmallMachine.Demand(error == Errno.None, $"Huge pages can be asked for: {error}.");
        machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(0, 0), 5UL);
        run.Thread("cpu", () => machine.Count(0, 1, 0, Stores));
        run.Thread("mover", () => move(machine));
        run.Thread("program", () => machine.Mm.Unmap(
            DeviceMachine.WordAt(DeviceMachine.PageCount, 0), HugePage.Size - (DeviceMachine.PageCount * Page.Size)));
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, 5);
            machine.DemandWord(1, 0, Stores);
            SmallMachine.Demand(machine.Frames.AllocatedFrames == DeviceMachine.PageCount, $"{machine.Frames.AllocatedFrames} frames are left.");
        });
    }

    /// <summary>Gives the first pages frames with their bytes, or all at once if they are one; the others stay.</summary>
    public static void Fill(PageFrames frames, ReadOnlySpan<MigratePfn> source, Span<MigratePfn> destination)
    {
        FrameNumber head = default;
        bool isHuge = source[0].IsCompound && frames.TryAllocateHuge(out head) == Errno.None;
        if (isHuge)
        {
            destination[0] = MigratePfn.OfHuge(head);
        }

        for (int i = 0; i < Math.Min(DeviceMachine.PageCount, source.Length); i++)
        {
            FrameNumber to = head + (ulong)i;
            if (isHuge)
            {
                frames.Copy(source[0].Frame + (ulong)i, to);
            }
            else if (source[i].IsValid && source[i].Migrates && !source[i].IsCompound && frames.TryAllocate(out to) == Errno.None)
            {
                frames.Copy(source[i].Frame, to);
                destination[i] = MigratePfn.Of(to);
            }
        }
    }
}
