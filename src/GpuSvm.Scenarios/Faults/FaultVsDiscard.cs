namespace GpuSvm.Scenarios;

/// <summary>The GPU and a thread of the CPU load from a page while another thread gives up its bytes.</summary>
public sealed class FaultVsDiscard : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "fault-vs-discard";

    /// <inheritdoc/>
    public string Description => "The GPU and a thread of the CPU load from a page while another thread gives up its bytes.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(1), 1, 1));
        run.Thread("cpu 0", () =>
        {
            Errno error = machine.Mm.Discard(SmallMachine.Address, Page.Size);
            SmallMachine.Demand(error == Errno.None, $"A page can be discarded: {error}.");
        });
        run.Thread("cpu 1", () =>
        {
            for (int i = 0; i < 2; i++)
            {
                SmallMachine.DemandStored("The CPU", machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address));
            }
        });
        run.AtEnd(machine.Dispose);
    }
}
