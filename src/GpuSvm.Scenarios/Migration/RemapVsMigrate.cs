namespace GpuSvm.Scenarios;

/// <summary>A mapping moves to another address and back while a device moves its page to its own memory: the page goes along with its bytes.</summary>
public sealed class RemapVsMigrate : IRaceScenario
{
    private const ulong Elsewhere = DeviceMachine.Address + (16 * Page.Size);

    /// <inheritdoc/>
    public string Name => "remap-vs-migrate";

    /// <inheritdoc/>
    public string Description =>
        "A mapping moves to another address and back while a device moves its page to its own memory: the page goes along with its bytes.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        run.Thread("cpu", () =>
        {
            CpuThread cpu = machine.Cpu.Thread(0);
            cpu.Store(DeviceMachine.WordAt(0, 0), 1UL);
            Move(machine.Mm, DeviceMachine.Address, Elsewhere);
            ulong value = cpu.Load<ulong>(Elsewhere);
            SmallMachine.Demand(value == 1, $"A page that has moved in the address space has its bytes: {value}.");
            cpu.Store(Elsewhere, 2UL);
            Move(machine.Mm, Elsewhere, DeviceMachine.Address);
        });
        run.Thread("driver", () =>
        {
            device.MoveIn(0);
            device.MoveIn(0);
        });
        run.Thread("evictor", () => device.Evict());
        machine.EndWith(run, () => machine.DemandWord(0, 0, 2));
    }

    private static void Move(AddressSpace mm, ulong from, ulong to)
    {
        Errno error = mm.Remap(from, Page.Size, Page.Size, RemapFlags.MayMove | RemapFlags.Fixed, to, out _);
        SmallMachine.Demand(error == Errno.None, $"A mapping can be moved: {error}.");
    }
}
