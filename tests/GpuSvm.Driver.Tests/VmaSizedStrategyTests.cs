using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Intervals as large as mappings: made once, disjoint, cut by what is unmapped, gone at the end.</summary>
public sealed class VmaSizedStrategyTests
{
    private static readonly SvmDriverOptions Options = new() { Strategy = static (mm, mirror) => new VmaSizedStrategy(mm, mirror) };

    [Fact]
    public void One_interval_serves_all_faults_of_a_mapping_and_lasts()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = d.Map(64);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + (63 * Page.Size), FaultAccess.Read);
        d.Driver.ServiceFaults();

        Assert.Equal(("vma-sized", 1, 2), (d.Client.StrategyName, d.Mm.Notifiers.Count, d.Driver.MappedPages));
    }

    [Fact]
    public void A_hole_splits_the_interval_and_each_piece_is_guarded()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = MapAndFault(d, 5);
        d.Mm.Unmap(a + (2 * Page.Size), Page.Size);
        Assert.Equal((2, 4), (d.Mm.Notifiers.Count, d.Driver.MappedPages));

        d.Mm.Discard(a + Page.Size, Page.Size);
        d.Mm.Discard(a + (3 * Page.Size), Page.Size);
        Assert.Equal((2, 2), (d.Mm.Notifiers.Count, d.Driver.MappedPages));

        d.Mm.Unmap(a, 2 * Page.Size);
        Assert.Equal((1, 1), (d.Mm.Notifiers.Count, d.Driver.MappedPages));
        d.Mm.Unmap(a + (3 * Page.Size), Page.Size);
        Assert.Equal((1, 1), (d.Mm.Notifiers.Count, d.Driver.MappedPages));
        d.Mm.Unmap(a, 5 * Page.Size);
        Assert.Equal((0, 0), (d.Mm.Notifiers.Count, d.Driver.MappedPages));
    }

    [Fact]
    public void A_new_interval_reaches_to_its_nearest_neighbours_and_no_further()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = MapAndFault(d, 7);
        foreach (ulong hole in new ulong[] { 1, 3, 5 })
        {
            d.Mm.Unmap(a + (hole * Page.Size), Page.Size);
            Assert.Equal(Errno.None, d.Mm.Map(a + (hole * Page.Size), Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        }

        Assert.Equal((1, 4), (d.Mm.VmaCount, d.Mm.Notifiers.Count));
        d.Fault(a + (3 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal(5, d.Mm.Notifiers.Count);

        // Each page is reached by one callback: an overlap would count twice.
        long before = d.Client.Mirror.Invalidations;
        d.Mm.Discard(a, 7 * Page.Size);
        Assert.Equal(5, d.Client.Mirror.Invalidations - before);
    }

    [Fact]
    public void A_fault_whose_interval_was_taken_away_finds_the_next_one()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = MapAndFault(d, 3);
        var strategy = new VmaSizedStrategy(d.Mm, d.Client.Mirror);
        Assert.Equal(Errno.None, strategy.TryAcquire(AddressRange.PageAt(a), worker: 0, out MirrorInterval whole));
        d.Mm.Unmap(a + Page.Size, Page.Size);
        using (d.Client.Mirror.UpdateLock.Enter())
        {
            Assert.Equal((true, false), (whole.Guards(AddressRange.PageAt(a)), whole.Guards(whole.Range)));
        }

        d.Mm.Unmap(a, Page.Size);
        using (d.Client.Mirror.UpdateLock.Enter())
        {
            Assert.False(whole.Guards(AddressRange.PageAt(a)));
        }

        Assert.Equal(Errno.EFAULT, strategy.TryAcquire(AddressRange.PageAt(a), worker: 0, out _));
        strategy.Dispose();
        Assert.Equal(0, strategy.Intervals);
    }

    [Fact]
    public void One_fault_maps_what_the_CPU_holds_around_it_once_and_no_more_than_the_interval_guards()
    {
        using var d = new DriverFixture(Options with { PagesPerFault = 512 });
        VirtualAddress a = 0x40_0000;
        Assert.Equal(Errno.None, d.Mm.Map(a, 8 * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        foreach (ulong page in new ulong[] { 0, 1, 4, 7 })
        {
            d.Cpu.Thread(0).Store(a + (page * Page.Size), page);
        }

        d.Fault(a + Page.Size, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((4, 4), (d.Driver.MappedPages, d.Driver.Counters.PagesMapped));

        d.Fault(a + (2 * Page.Size), FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((5, 5), (d.Driver.MappedPages, d.Driver.Counters.PagesMapped));
        d.Mm.Discard(a, 8 * Page.Size);
        Assert.Equal(0, d.Driver.MappedPages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Invalidations_drop_what_lies_below_and_above_the_window_and_faults_map_nothing_in_it(bool perFault)
    {
        using var d = new DriverFixture((perFault ? new SvmDriverOptions { Strategy = MirrorStrategies.PerFault } : Options) with { PagesPerFault = 8 }, unmanaged: new(0x40_2000UL, 0x40_4000UL));
        VirtualAddress a = 0x40_0000;
        VirtualAddress window = 0x40_2000;
        Assert.Equal(Errno.None, d.Mm.Map(a, 8 * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        for (ulong page = 0; page < 8; page++)
        {
            d.Cpu.Thread(0).Store(a + (page * Page.Size), page);
        }

        PfnEntry[] own = [PfnEntry.VideoMemory(0, TranslationRights.Read), PfnEntry.VideoMemory(0, TranslationRights.Read)];
        Assert.Equal(Errno.None, d.Client.Mirror.Space.PfnMap(Page.Shift, window, own));
        d.Fault(a, FaultAccess.Read);
        d.Fault(window, FaultAccess.Write);
        d.Fault(a + (5 * Page.Size), FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((perFault ? 6 : 8, 1), (d.Driver.MappedPages, d.Driver.Counters.Cancels));

        d.Mm.Discard(a, 8 * Page.Size);
        Assert.Equal(2, d.Driver.MappedPages);
        using (d.Client.Mirror.UpdateLock.Enter())
        {
            Assert.Equal((Errno.EINVAL, true), (d.Client.Mirror.Map(window, own), d.Client.Mirror.IsMapped(window)));
        }
    }

    [Fact]
    public void A_window_is_made_of_whole_pages_that_the_GPU_can_translate()
    {
        using var d = new DriverFixture();
        using var other = new AddressSpace(d.Frames, new SimulatedCpu(new SystemMemory(1), 1), new AddressSpaceOptions());
        foreach (AddressRange window in new AddressRange[] { new(0x1001UL, 0x2000UL), new(0x1000UL, 1UL << 50) })
        {
            Assert.Equal(Errno.EINVAL, d.Driver.TryOpen(other, new SvmClientOptions { Unmanaged = window }, out _));
        }
    }

    [Fact]
    public void Half_open_ends_leave_every_byte_outside_the_hole_in_a_piece()
    {
        AddressRange piece = new(0x1000UL, 0x2001UL);
        Assert.Equal((default, new AddressRange(0x2000UL, 0x2001UL)), VmaSizedStrategy.PiecesBeside(new(0x1000UL, 0x2000UL), piece));
        Assert.Equal((new AddressRange(0x1000UL, 0x1001UL), default), VmaSizedStrategy.PiecesBeside(new(0x1001UL, 0x2001UL), piece));
        Assert.Equal((default, default), VmaSizedStrategy.PiecesBeside(new(0x1000UL, 0x2001UL), piece));
    }

    private static VirtualAddress MapAndFault(DriverFixture d, int pages)
    {
        VirtualAddress a = d.Map(pages);
        for (int page = 0; page < pages; page++)
        {
            d.Fault(a + ((ulong)page * Page.Size), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();
        return a;
    }
}
