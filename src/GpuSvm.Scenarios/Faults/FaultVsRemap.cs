namespace GpuSvm.Scenarios;

/// <summary>The GPU loads from a page while the CPU moves it to another address and stores there: the GPU does not see that.</summary>
public sealed class FaultVsRemap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "fault-vs-remap";

    /// <inheritdoc/>
    public string Description => "The GPU loads from a page while the CPU moves it to another address and stores there: the GPU does not see that.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, 1));
        run.Thread("cpu", () =>
        {
            machine.MoveFirst();
            CpuThread cpu = machine.Cpu.Thread(0);
            SmallMachine.Demand(cpu.Load<ulong>(SmallMachine.MovedAddress) == SmallMachine.Mark, "A page that was moved keeps its bytes.");
            cpu.Store(SmallMachine.MovedAddress, 2 * SmallMachine.Mark);
        });
        run.AtEnd(machine.Dispose);
    }
}
