namespace GpuSvm.Scenarios;

/// <summary>The GPU stores into a page while the CPU makes it read-only: then nothing changes it any more.</summary>
public sealed class FaultVsProtect : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "fault-vs-protect";

    /// <inheritdoc/>
    public string Description => "The GPU stores into a page while the CPU makes it read-only: then nothing changes it any more.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(3), 1, 1, Errno.EPERM));
        run.Thread("cpu", () =>
        {
            Errno error = machine.Mm.Protect(SmallMachine.Address, Page.Size, Protection.Read);
            SmallMachine.Demand(error == Errno.None, $"A page can be protected: {error}.");
            ulong first = machine.Cpu.Thread(0).Load<ulong>(SmallMachine.Address);
            ulong second = machine.Cpu.Thread(0).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(first == second, "No store of the GPU changes a page that has been made read-only.");
        });
        run.AtEnd(machine.Dispose);
    }
}
