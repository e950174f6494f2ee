namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Pages of a range that lie in the device's own memory, and those that don't.</summary>
public sealed class PlacementTests
{
    private static readonly SvmContext Uniform = new() { Placement = SvmPlacement.Uniform };
    private static readonly SvmContext DeviceOnly = new() { IsDeviceMemoryOnly = true };

    [Fact]
    public void Pages_of_the_device_are_mapped_where_they_are_and_not_for_DMA()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(0, 16);
        SvmRange range = m.Range(0);

        Assert.Equal(Errno.None, m.Space.GetPages(range, DeviceOnly with { Placement = SvmPlacement.Uniform }));

        Assert.Equal((0L, true, true), (m.Dma.MappedPages, range.HasDevicePages, m.AreValid(range)));
        Assert.Equal("DDDDDDDDDDDDDDDD", m.Process.Where(0, 16));
        using (m.Space.NotifierLock.Enter())
        {
            DeviceBlock block = Assert.Single(Assert.Single(m.Process.Memory.Allocations).Blocks);
            Assert.Equal(Enumerable.Range(0, 16).Select(i => block.FirstPage + (ulong)i), range.Blocks.ToArray().Select(b => b.DevicePage));
        }
    }

    [Fact]
    public void A_huge_page_of_the_device_is_one_block()
    {
        using var m = new RangeMachine(space: new AddressSpaceOptions { HugePages = HugePagePolicy.Always });
        m.Process.Map(512);
        m.Process.Write(0, 1);
        m.Process.ToDevice(0, 512);

        Assert.Equal("d9", m.Blocks(m.Got(7)));
    }

    [Fact]
    public void A_range_may_have_pages_in_both_places()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(4, 2);

        SvmRange range = m.Got(0);

        Assert.Equal("s0 s0 s0 s0 d0 d0 s0 s0 s0 s0 s0 s0 s0 s0 s0 s0", m.Blocks(range));
        Assert.Equal((14L, true), (m.Dma.MappedPages, range.HasDevicePages));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(4, 2)]
    [InlineData(14, 2)]
    public void Both_places_are_EOPNOTSUPP_where_one_is_wanted_and_eviction_helps(int first, int count)
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(first, count);
        SvmRange range = m.Range(0);

        Assert.Equal(Errno.EOPNOTSUPP, m.Space.GetPages(range, Uniform));
        Assert.Equal((0L, false), (m.Dma.MappedPages, range.HasMapping));

        Assert.Equal(Errno.None, m.Space.Evict(range));
        Assert.Equal("SSSSSSSSSSSSSSSS", m.Process.Where(0, 16));
        Assert.Equal(Errno.None, m.Space.GetPages(range, Uniform));
        Assert.Equal((16L, false), (m.Dma.MappedPages, range.HasDevicePages));
    }

    [Fact]
    public void Two_allocations_are_two_places()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(0, 8);
        m.Process.ToDevice(8, 8);
        SvmRange range = m.Range(0);

        Assert.Equal(Errno.EOPNOTSUPP, m.Space.GetPages(range, Uniform));
        Assert.Equal(Errno.None, m.Space.GetPages(range, DeviceOnly));
    }

    [Fact]
    public void Where_only_the_devices_memory_will_do_a_page_at_home_is_EFAULT_and_the_others_are_unmapped()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(0, 15);
        SvmRange range = m.Range(0);

        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, DeviceOnly));
        Assert.Equal((0L, false, 0), (m.Dma.MappedPages, range.HasMapping, m.Dma.Calls.Count));
    }

    [Fact]
    public void A_page_of_the_device_that_may_not_be_written_yet_comes_home_first()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        m.Process.Write(0, 1);
        m.Process.ToDevice(0, 1);
        m.Process.Fork(out CpuThread childCpu);
        SvmRange range = m.Range(0);
        Assert.Equal("D", m.Process.Where(0, 1));

        Assert.Equal(Errno.EOPNOTSUPP, m.Space.GetPages(range, RangeMachine.Write));
        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Read));
        Assert.Equal("d0", m.Blocks(range));
        Assert.Equal(Errno.None, m.Space.Evict(range));

        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Write));
        Assert.Equal("s0", m.Blocks(range));
        Assert.Equal(m.Mm.PageTable.Read(RangeMachine.At(0)).Frame, m.Frames(range)[0]);
        Assert.Equal(1, childCpu.Load<long>(RangeMachine.At(0)));
    }

    [Fact]
    public void A_touch_of_the_CPU_makes_the_pages_invalid_and_the_next_call_finds_them_at_home()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(0, 16);
        SvmRange range = m.Bound(0);

        Assert.Equal(4, m.Process.Read(3));

        Assert.Equal((false, false), (m.AreValid(range, Protection.Read), m.Driver.IsBound(range)));
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
        Assert.Equal((16L, false), (m.Dma.MappedPages, range.HasDevicePages));
    }

    [Fact]
    public void G12_Pages_that_the_CPU_reaches_on_the_device_come_home_too()
    {
        using var m = new RangeMachine(kind: DevicePageKind.Coherent);
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(4, 2);
        SvmRange range = m.Range(0);
        Assert.Equal(Errno.EOPNOTSUPP, m.Space.GetPages(range, Uniform));

        Assert.Equal(Errno.None, m.Space.Evict(range));

        Assert.Equal("SSSSSSSSSSSSSSSS", m.Process.Where(0, 16));
        Assert.Equal(Errno.None, m.Space.GetPages(range, Uniform));
        Assert.Equal((16L, false), (m.Dma.MappedPages, range.HasDevicePages));
    }

    [Fact]
    public void G12_A_page_there_that_somebody_holds_is_EBUSY_at_once()
    {
        var clock = new ManualClock();
        using var m = new RangeMachine(space: new AddressSpaceOptions { Clock = clock }, kind: DevicePageKind.Coherent);
        m.Process.Map(2);
        m.Process.Write(0, 2);
        m.Process.ToDevice(0, 2);
        FrameNumber held;
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, m.Mm.TryPin(RangeMachine.At(1), CpuAccess.Read, out held));
        }

        SvmRange range = m.Range(1);

        Assert.Equal(Errno.EBUSY, m.Space.Evict(range));

        m.Process.Frames.Put(held);
        Assert.Equal(Errno.None, m.Space.Evict(range));
        Assert.Equal("CS", m.Process.Where(0, 2));
    }

    [Fact]
    public void Evicting_brings_every_page_in_and_says_where_one_cannot_be_had()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 4);
        m.Process.ToDevice(0, 4);
        SvmRange range = m.Range(0);
        m.Gate = () => false;
        Assert.Equal(Errno.ENOMEM, m.Space.Evict(range));
        m.Gate = null;

        Assert.Equal(Errno.None, m.Space.Evict(range));
        Assert.DoesNotContain('D', m.Process.Where(0, 16));
        Assert.DoesNotContain('-', m.Process.Where(0, 16));
        m.Unmap(15, 1);
        Assert.Equal(Errno.EFAULT, m.Space.Evict(range));
    }

    [Fact]
    public void A_range_moves_to_the_device_if_it_may_and_there_is_memory_for_it()
    {
        using var m = new RangeMachine();
        m.Process.Map(32);
        m.Process.Write(0, 32);
        SvmRange mayNot = m.Range(0);
        Assert.Equal(new DeviceMigrationResult(0, Errno.EINVAL), m.Space.MigrateToDevice(mayNot, Movement.BestEffort));
        SvmRange may = m.Range(16, new SvmContext { IsDeviceMemoryPossible = true });
        Assert.Equal(new DeviceMigrationResult(16, Errno.None), m.Space.MigrateToDevice(may, Movement.AllOrNothing));
        Assert.Equal("SSSSSSSSSSSSSSSSDDDDDDDDDDDDDDDD", m.Process.Where(0, 32));

        Assert.Equal(Errno.None, SvmSpace.TryCreate(m.Mm, m.Dma, m.Driver, new SvmSpaceOptions(), out SvmSpace? without));
        using (without)
        {
            SvmContext context = new() { IsDeviceMemoryPossible = true };
            Assert.Equal(Errno.None, without!.FindOrInsert(RangeMachine.At(0), RangeMachine.Everything, context, out SvmRange? range));
            Assert.Equal(new DeviceMigrationResult(0, Errno.EOPNOTSUPP), without.MigrateToDevice(range!, Movement.AllOrNothing));
        }
    }
}
