namespace GpuSvm.Scenarios;

/// <summary>The parent stores into a page that somebody has pinned in the child, which then unmaps it: the pinned bytes stay.</summary>
public sealed class StoreVsPinnedChild : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "store-vs-pinned-child";

    /// <inheritdoc/>
    public string Description => "The parent stores into a page that somebody has pinned in the child, which then unmaps it: the pinned bytes stay.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new ProcessMachine(run, Deadline.Default);
        RaceProcess child = machine.Fork();
        run.Thread("parent", () => machine.Parent.Thread(0).Store(ProcessMachine.WordAt(0, 0), ProcessMachine.Mark + 1));
        run.Thread("child", () =>
        {
            FrameNumber frame;
            using (child.Mm.MmapLock.EnterShared())
            {
                Errno error = child.Mm.TryPin(ProcessMachine.WordAt(0, 0), CpuAccess.Read, out frame);
                ProcessMachine.Demand(error == Errno.None, $"A mapped page can be pinned: {error}.");
            }

            ProcessMachine.Demand(child.Mm.Unmap(ProcessMachine.WordAt(0, 0), Page.Size) == Errno.None, "A pinned page can be unmapped.");
            SchedulePoint.Reach(SchedulePointKind.Word);
            ulong word = BitConverter.ToUInt64(machine.Frames.Memory.Frame(frame));
            ProcessMachine.DemandWord("A pinned page keeps its bytes", word, ProcessMachine.Mark);
            machine.Frames.Put(frame);
        });
        machine.EndWith(run, () => ProcessMachine.DemandWord(
            "No store is lost", machine.Parent.Thread(0).Load<ulong>(ProcessMachine.WordAt(0, 0)), ProcessMachine.Mark + 1));
    }
}
