namespace GpuSvm.Scenarios;

/// <summary>Two GPUs load from one page through drivers of their own, while the CPU unmaps it and maps it again.</summary>
public sealed class TwoGpus : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "two-gpus";

    /// <inheritdoc/>
    public string Description => "Two GPUs load from one page through drivers of their own, while the CPU unmaps it and maps it again.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        machine.AddGpu();
        run.Thread("first", () => machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, 1, Errno.EFAULT));
        run.Thread("second", () => machine.LaunchOnOther(run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, Errno.EFAULT));
        run.Thread("cpu", () =>
        {
            machine.UnmapFirst();
            machine.Replace();
        });
        run.AtEnd(machine.Dispose);
    }
}
