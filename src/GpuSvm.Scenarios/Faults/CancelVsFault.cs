namespace GpuSvm.Scenarios;

/// <summary>A channel dies of a page that is unmapped, with all that it waits for, while another one faults on the next page.</summary>
public sealed class CancelVsFault : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "cancel-vs-fault";

    /// <inheritdoc/>
    public string Description => "A channel dies of a page that is unmapped, with all that it waits for, while another one faults on the next page.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Execution = ExecutionMode.Parallel,
            Sms = 2,
            BatchSize = 2,
            CancelScope = CancelScope.Unit,
        });
        InstancePointer other = machine.AddChannel();
        machine.UnmapFirst();
        run.Thread("doomed", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 3, Errno.EFAULT));
        run.Thread("other", () => machine.LaunchOn(run, other, RaceKernels.ReadSecondAsync, new KernelArgs(2), 1));
        run.AtEnd(machine.Dispose);
    }
}
