namespace GpuSvm.Scenarios;

/// <summary>Two GPUs and the CPU store to one range, which each GPU moves to its own memory for a timeslice: all get on, and no store is lost.</summary>
public sealed class RangeVsRange : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "range-vs-range";

    /// <inheritdoc/>
    public string Description =>
        "Two GPUs and the CPU store to one range, which each GPU moves to its own memory for a timeslice: all get on, and no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy ?? MirrorStrategies.SizedRanges,
            Ranges = SmallMachineOptions.PairsOnDevice with { Timeslice = TimeSpan.FromMilliseconds(2) },
            ReadAroundPages = 1,
        });
        machine.AddGpu();
        int running = 3;
        run.Thread("first", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            End();
        });
        run.Thread("second", () =>
        {
            machine.LaunchOnOther(run, RaceKernels.CountBesideAsync, new KernelArgs(Stores), 1);
            End();
        });
        run.Thread("program", () =>
        {
            ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.Address + 16, 1);
            End();
        });
        run.AtEnd(machine.Dispose);

        void End()
        {
            // Who is the last looks.
            if (SharedWord.Add(ref running, -1) == 0)
            {
                machine.DemandLast(0, Stores);
                machine.DemandLast(8, Stores);
                machine.DemandLast(16, 1);
            }
        }
    }
}
