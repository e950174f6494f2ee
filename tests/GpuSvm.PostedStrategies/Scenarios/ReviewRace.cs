namespace GpuSvm.PostedStrategies;

/// <summary>A race that is run twice: with the algorithm as it was posted, and with the repaired one.</summary>
/// <param name="id">Of the defect.</param>
/// <param name="variant">Which of the two.</param>
internal abstract class ReviewRace(string id, Variant variant) : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => $"{id}-{(variant == Variant.Posted ? "posted" : "repaired")}";

    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <summary>True if the posted algorithm runs.</summary>
    protected bool IsPosted => variant == Variant.Posted;

    /// <inheritdoc/>
    public abstract void Build(ScheduleRun run);

    /// <summary>Serves a fault of a page by the driver.</summary>
    protected static void Fault(SmallMachine machine, VirtualAddress page)
    {
        var channels = new ChannelTable();
        var batch = new FaultBatch(1);
        batch.Add(new FaultEntry(channels.TryAdd(machine.Client, channels.NewInstance)!.Instance, page, 0, 0, 0, false, FaultAccess.Read, 0, FaultType.Pte));
        batch.Prepare(channels);
        batch.Sort(batch.Blocks[0], new BlockSorter());
        var groups = new PageGroups(new FaultCanceller(machine.Gpu, CancelScope.Fault));
        new BlockService(worker: 0, new SvmDriverOptions(), groups).Serve(batch, batch.Blocks[0]);
    }

    /// <summary>Unmaps pages.</summary>
    protected static void Unmap(SmallMachine machine, VirtualAddress address, ulong pages)
    {
        Errno error = machine.Mm.Unmap(address, pages * Page.Size);
        SmallMachine.Demand(error == Errno.None, $"Pages can be unmapped: {error}.");
    }

    /// <summary>Maps pages, on top of what is there.</summary>
    protected static void Map(SmallMachine machine, VirtualAddress address, ulong pages)
    {
        Errno error = machine.Mm.Map(address, pages * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        SmallMachine.Demand(error == Errno.None, $"Pages can be mapped: {error}.");
    }

    /// <summary>Makes a machine whose mirror follows intervals of the size of mappings.</summary>
    protected SmallMachine MachineOfIntervals(ScheduleRun run, TeardownSearch search = TeardownSearch.ThoseThatLeaveToo) =>
        new(run, new SmallMachineOptions
        {
            Strategy = IsPosted
                ? (mm, mirror) => new PostedIntervalStrategy(mm, mirror, search)
                : (mm, mirror) => new VmaSizedStrategy(mm, mirror),
        });
}
