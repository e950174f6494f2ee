namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>What becomes of a range that the CPU's mappings have cut.</summary>
public sealed class CollectTests
{
    [Fact]
    public void G09_What_is_still_mapped_keeps_its_blocks_and_entries_in_the_largest_chunks_that_fit()
    {
        using var m = new RangeMachine();
        m.Process.Map(512);
        m.Process.Write(0, 512);
        SvmRange range = m.Bound(0);
        m.Unmap(100, 1);
        m.Dma.Calls.Clear();
        m.Driver.Log.Clear();

        Assert.True(m.Space.Collect(range));

        // 31 chunks of 64 KiB, and 15 pages beside the hole.
        Assert.Equal((46, 1, 1, 46, 511L), m.State);
        Assert.Equal((true, 511, 0), (range.IsRemoved, m.Driver.EntriesOf(range.Range), m.Dma.Calls.Count));
        Assert.Empty(m.Driver.Log);
        Assert.Equal((47L, 1L), (m.Space.RangesMade, m.Space.RangesRemoved));
        Assert.Equal(RangeMachine.Pages(80, 16), m.Range(95).Range);
        Assert.Equal(RangeMachine.Pages(99, 1), m.Range(99).Range);
        Assert.Equal(RangeMachine.Pages(101, 1), m.Range(101).Range);
        Assert.Equal(RangeMachine.Pages(112, 16), m.Range(112).Range);
        for (int page = 0; page < 512; page++)
        {
            if (page != 100)
            {
                SvmRange piece = m.Range(page);
                Assert.True(m.AreValid(piece) && m.Driver.IsBound(piece));
                Assert.Equal(m.Mm.PageTable.Read(RangeMachine.At(page)).Frame, m.Frames(piece)[page - PageOf(piece)]);
            }
        }
    }

    [Fact]
    public void G09_The_device_memory_copy_stays_too()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Process.ToDevice(0, 16);
        SvmRange range = m.Bound(0, new SvmContext { IsDeviceMemoryPossible = true });
        m.Unmap(3, 1);

        Assert.True(m.Space.Collect(range));

        Assert.Equal("DDD.DDDDDDDDDDDD", m.Process.Where(0, 16));
        Assert.Equal((15, 15, 0L), (m.Space.RangeCount, m.Driver.EntriesOf(range.Range), m.Dma.MappedPages));
        Assert.Equal((true, true, true), (m.Range(4).HasDevicePages, m.Range(4).MayMigrate, m.AreValid(m.Range(4))));
    }

    [Fact]
    public void G09_The_originals_way_drops_the_whole_range()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { PartialUnmap = PartialUnmap.DropRange });
        m.Process.Map(512);
        m.Process.Write(0, 512);
        SvmRange range = m.Bound(0);
        m.Unmap(100, 1);

        Assert.Equal((1, 1, 1, 1, 0L), m.State);
        Assert.Equal(0, m.Driver.EntriesOf(range.Range));
        Assert.True(m.Space.Collect(range));
        Assert.Equal((0, 0, 0, 0, 0L), m.State);
        Assert.False(m.Space.Collect(range));
        Assert.Equal(RangeMachine.Pages(96, 1), m.Got(96).Range);
    }

    [Theory]
    [InlineData(Protection.Read, false)]
    [InlineData(Protection.ReadWrite, true)]
    public void What_is_mapped_at_the_hole_has_ranges_of_its_own_unless_it_is_one_with_the_rest(Protection protection, bool isOne)
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);
        m.Unmap(5, 1);
        m.Process.MapAt(5, 1, protection);

        SvmRange hole = m.Got(5, RangeMachine.Read);

        Assert.Equal(isOne ? RangeMachine.Pages(0, 16) : RangeMachine.Pages(5, 1), hole.Range);
        Assert.Equal((isOne, !isOne, false), (hole == range, range.IsRemoved, hole.IsUnmapped));
        Assert.Equal((16L, 15), (m.Dma.MappedPages, m.Driver.EntriesOf(range.Range)));
        Assert.True(m.AreValid(hole, Protection.Read));
    }

    [Fact]
    public void Another_memory_at_the_hole_has_ranges_of_its_own()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        m.Bound(0, new SvmContext { IsDeviceMemoryPossible = true });
        m.Unmap(5, 1);
        Assert.Equal(Errno.None, m.Mm.MapShared(RangeMachine.At(5), Page.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));

        SvmRange hole = m.Got(5, new SvmContext { IsDeviceMemoryPossible = true });

        Assert.Equal((RangeMachine.Pages(5, 1), false), (hole.Range, hole.MayMigrate));
        Assert.Equal((16, true), (m.Space.RangeCount, m.Range(6).MayMigrate));
    }

    [Fact]
    public void A_range_that_is_protected_in_part_is_cut_at_the_next_fault_and_each_side_has_its_rights()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);
        m.Protect(8, 8, Protection.Read);
        Assert.Equal(Errno.EPERM, m.Space.GetPages(range, RangeMachine.Write));

        SvmRange writable = m.Range(3);

        Assert.True(range.IsRemoved);
        Assert.Equal((RangeMachine.Pages(3, 1), true, true), (writable.Range, m.AreValid(writable), m.Driver.IsBound(writable)));
        Assert.Equal((8, 8, 8L), (m.Space.RangeCount, m.Driver.EntriesOf(range.Range), m.Dma.MappedPages));
        Assert.Equal(Errno.EPERM, m.Find(8, out _));
        Assert.Equal((RangeMachine.Pages(8, 1), Protection.Read), (m.Got(8, RangeMachine.Read).Range, m.Range(8, RangeMachine.Read).Rights));
    }

    [Fact]
    public void A_range_that_crosses_the_devices_window_is_cut_and_a_block_that_does_is_dropped()
    {
        using var m = new RangeMachine(space: new AddressSpaceOptions { HugePages = HugePagePolicy.Always });
        m.Process.Map(512);
        m.Process.Write(0, 1);
        SvmRange range = m.Bound(0);
        m.Driver.Log.Clear();

        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(0), RangeMachine.Pages(0, 256), default, out SvmRange? half));

        Assert.Equal((true, RangeMachine.Pages(0, 16)), (range.IsRemoved, half!.Range));
        Assert.Equal(["drop 512", "unmap 9"], m.Driver.Log);
        Assert.Equal((1, 1, 1, 1, 0L), m.State);
    }

    [Fact]
    public void Where_the_devices_window_ends_blocks_on_both_sides_stay()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);

        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(5), RangeMachine.Pages(4, 4), default, out SvmRange? piece));

        Assert.Equal((RangeMachine.Pages(5, 1), true), (piece!.Range, m.AreValid(piece)));
        Assert.Equal((16, 16, 16L), (m.Space.RangeCount, m.Driver.EntriesOf(range.Range), m.Dma.MappedPages));
    }

    [Fact]
    public void A_range_of_which_nothing_is_valid_goes()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Range(0);
        m.Unmap(3, 1);

        Assert.True(m.Space.Collect(range));
        Assert.Equal((0, 0, 0, 0, 0L), m.State);
        Assert.False(m.Space.Collect(range));

        // Nothing was made in vain.
        Assert.Equal(1, m.Driver.Allocations);
    }

    [Fact]
    public void A_whole_range_that_fits_is_left_alone()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Bound(0);

        Assert.True(m.Space.Collect(range));
        Assert.Equal((1, 1, 1, 1, 16L), m.State);
        Assert.Same(range, m.Range(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(15)]
    public void Pages_that_find_no_memory_for_a_range_are_dropped_and_fault_again(int fails)
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);
        m.Unmap(7, 1);
        m.Driver.Log.Clear();
        int left = fails;
        m.Gate = () => --left != 0;

        Assert.True(m.Space.Collect(range));

        m.Gate = null;
        Assert.Equal((14, 1, 1, 14, 14L), m.State);
        Assert.Equal(["drop 1", "unmap 0"], m.Driver.Log);
        Assert.Equal(14, m.Driver.EntriesOf(range.Range));
        Assert.True(m.Driver.Bind(m.Space, m.Got(fails <= 7 ? fails - 1 : fails), Protection.ReadWrite));
        Assert.Equal((15, 1, 1, 15, 15L), m.State);
    }

    [Fact]
    public void A_driver_that_keeps_nothing_for_the_new_ranges_loses_the_entries_and_no_more()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Bound(0);
        m.Unmap(7, 1);
        m.Driver.Refusal = Errno.ENOSPC;

        Assert.True(m.Space.Collect(range));

        Assert.Equal((0, 0, 0, 0, 0L), m.State);
        Assert.Equal(0, m.Driver.EntriesOf(range.Range));
    }

    [Fact]
    public void Blocks_that_are_being_invalidated_pass_over_with_their_passes()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { RetryLimit = TimeSpan.Zero });
        m.Process.Map(32);
        m.Process.Write(0, 32);
        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(0), RangeMachine.Pages(0, 16), default, out SvmRange? range));
        Assert.Equal(Errno.None, m.Space.GetPages(range!, default));
        Assert.True(m.Driver.Bind(m.Space, range!, Protection.ReadWrite));
        long mapped = -1;
        m.Driver.InSecondPass = notifier =>
        {
            // Pages 4 and 5 wait for the device. A window cuts the range: they are unmapped at the end of that none the less.
            m.Driver.InSecondPass = null;
            Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(0), RangeMachine.Pages(0, 8), default, out SvmRange? _));
            mapped = m.Dma.MappedPages;
        };
        var touched = new Invalidation(RangeMachine.Pages(4, 2), InvalidationCause.ProtectionPage);

        Assert.Equal(Errno.None, m.Mm.Notifiers.Begin(touched, out InvalidationScope scope));
        scope.Dispose();

        Assert.Equal((16L, 14L, 16), (mapped, m.Dma.MappedPages, m.Space.RangeCount));
        Assert.Equal(14, m.Driver.EntriesOf(range!.Range));
        Assert.Equal(Errno.None, m.Space.GetPages(m.Range(4), default));
    }

    private static int PageOf(SvmRange range) => (int)((range.Range.Start - RangeMachine.At(0)) / Page.Size);
}
