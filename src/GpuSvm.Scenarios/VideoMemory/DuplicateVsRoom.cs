namespace GpuSvm.Scenarios;

/// <summary>The GPU reads a duplicate of a page whose place in video memory is needed for others: it finds the page's bytes all the time.</summary>
public sealed class DuplicateVsRoom : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "duplicate-vs-room";

    /// <inheritdoc/>
    public string Description => "The GPU reads a duplicate of a page whose place is needed for others: it finds the page's bytes all the time.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, ReadAroundPages = 1, VideoPages = 1 });
        machine.Advise(0, MemoryAdvice.ReadMostly);
        machine.Cpu.Thread(0).Store(SmallMachine.PageAt(1), ulong.MaxValue);
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(3), 1, 1));
        run.Thread("program", () => machine.TryBind(1));
        run.Thread("cpu", () => machine.Cpu.Thread(0).Store(SmallMachine.PageAt(0), SmallMachine.Mark + 1));
        run.AtEnd(machine.Dispose);
    }
}
