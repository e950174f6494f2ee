namespace GpuSvm.PostedStrategies;

/// <summary>D05: a fault maps a block of 2 MiB while another page of the block is unmapped.</summary>
internal sealed class BlockBeyondInterval(Variant variant) : ReviewRace("d05", variant)
{
    /// <inheritdoc/>
    public override string Description => "A fault maps what the CPU holds of 2 MiB while another page of them is unmapped.";

    /// <inheritdoc/>
    public override void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = IsPosted ? (mm, mirror) => new PerFaultStrategy(mm, mirror) : (mm, mirror) => new VmaSizedStrategy(mm, mirror),
            PagesPerFault = 512,
        });
        var posted = new PostedBlockFault(machine.Mm, machine.Client.Mirror, machine.Client.Strategy);
        run.Thread("fault", () =>
        {
            if (IsPosted)
            {
                posted.Resolve(SmallMachine.PageAt(0));
            }
            else
            {
                Fault(machine, SmallMachine.PageAt(0));
            }
        });
        run.Thread("unmap", () => Unmap(machine, SmallMachine.PageAt(1), 1));
        run.AtEnd(machine.Dispose);
    }
}
