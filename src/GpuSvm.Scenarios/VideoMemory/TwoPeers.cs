namespace GpuSvm.Scenarios;

/// <summary>Two GPUs that reach each other's memory store to one page, which leaves the first, comes home and goes to the second: no store is lost.</summary>
public sealed class TwoPeers : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "two-peers";

    /// <inheritdoc/>
    public string Description =>
        "Two GPUs that reach each other's memory store to one page, which leaves the first, comes home and goes to the second: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(
            run, new SmallMachineOptions { Strategy = strategy, ReadAroundPages = 1, Peers = new DevicePeers(PeerLink.Atomics) });
        machine.AddGpu();
        machine.Bind(1);
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
            machine.BindToOther(1);
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
