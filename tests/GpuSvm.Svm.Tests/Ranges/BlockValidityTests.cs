namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Each block of a range is valid or not by itself.</summary>
public sealed class BlockValidityTests
{
    [Fact]
    public void A_page_that_changes_takes_its_own_block_and_the_next_call_brings_in_that_page_alone()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);
        m.Dma.Calls.Clear();

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(5), Page.Size));

        Assert.Equal((false, 15, 15L, 15), (m.AreValid(range), range.ValidPages, m.Dma.MappedPages, m.Driver.EntriesOf(range.Range)));
        Assert.Equal(["unmap 0"], m.Dma.Calls);
        Assert.Equal((Protection.None, true), (range.Rights, range.HasMapping));
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
        Assert.Equal(["unmap 0", "map 0 Bidirectional"], m.Dma.Calls);
        Assert.Equal((true, 16, 16L), (m.AreValid(range), range.ValidPages, m.Dma.MappedPages));
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame), m.Frames(range));
    }

    [Fact]
    public void Blocks_on_both_sides_of_what_is_missing_stay_as_they_are()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);
        m.Driver.Log.Clear();

        // The first, the last, and one between: all from the first to the last is looked up, and three are mapped.
        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(0), Page.Size));
        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(7), 2 * Page.Size));
        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(15), Page.Size));
        m.Dma.Calls.Clear();

        Assert.Equal(Errno.None, m.Space.GetPages(range, default));

        Assert.Equal(Enumerable.Repeat("map 0 Bidirectional", 4), m.Dma.Calls);
        Assert.DoesNotContain(m.Driver.Log, line => line.StartsWith("drop", StringComparison.Ordinal));
        Assert.Equal(12, m.Driver.EntriesOf(range.Range));
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame), m.Frames(range));
    }

    [Fact]
    public void A_huge_block_that_is_hit_in_part_goes_as_a_whole_and_so_do_the_devices_entries()
    {
        using var m = new RangeMachine(space: new AddressSpaceOptions { HugePages = HugePagePolicy.Always });
        m.Process.Map(512);
        m.Process.Write(0, 1);
        SvmRange range = m.Bound(0);
        Assert.Equal("s9", m.Blocks(range));

        m.Protect(100, 1, Protection.Read);

        Assert.Equal((0, 0L, 0), (range.ValidPages, m.Dma.MappedPages, m.Driver.EntriesOf(range.Range)));
    }

    [Fact]
    public void A_huge_page_that_is_split_is_got_again_page_by_page()
    {
        using var m = new RangeMachine(space: new AddressSpaceOptions { HugePages = HugePagePolicy.Always });
        m.Process.Map(512);
        m.Process.Write(0, 1);
        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(3), RangeMachine.Pages(0, 16), default, out SvmRange? range));
        Assert.Equal(Errno.None, m.Space.GetPages(range!, default));
        Assert.Equal("s4", m.Blocks(range!));

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(3), Page.Size));
        m.Process.Write(3, 1);
        Assert.Equal(Errno.None, m.Space.GetPages(range!, default));

        Assert.Equal(string.Join(' ', Enumerable.Repeat("s0", 16)), m.Blocks(range!));
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame), m.Frames(range!));
    }

    [Fact]
    public void More_rights_for_some_pages_leave_those_alone_that_have_them()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0, RangeMachine.Write);
        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(4), Page.Size));
        m.Process.Write(4, 1);
        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Read));
        Assert.Equal((Protection.Read, true, false), (range.Rights, m.AreValid(range, Protection.Read), m.AreValid(range)));
        m.Driver.Log.Clear();
        m.Dma.Calls.Clear();

        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Write));

        Assert.Equal(["drop 1", "unmap 0"], m.Driver.Log);
        Assert.Equal(["map 0 Bidirectional", "unmap 0"], m.Dma.Calls);
        Assert.Equal((Protection.ReadWrite, 16L), (range.Rights, m.Dma.MappedPages));
    }

    [Fact]
    public void A_page_that_cannot_be_mapped_leaves_the_others_as_they_are()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);
        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(4), 3 * Page.Size));
        m.Dma.Calls.Clear();
        m.Process.Device.FailMap = 3;

        Assert.Equal(Errno.ENOMEM, m.Space.GetPages(range, default));

        Assert.Equal(["map 0 Bidirectional", "map 0 Bidirectional", "map 0 Bidirectional", "unmap 0", "unmap 0"], m.Dma.Calls);
        Assert.Equal((13L, 13, 13), (m.Dma.MappedPages, range.ValidPages, m.Driver.EntriesOf(range.Range)));
    }

    [Fact]
    public void Of_two_invalidations_each_block_is_unmapped_by_the_last_that_told_of_it()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0);
        long mappedAfterInner = -1;
        m.Driver.InSecondPass = _ =>
        {
            // While pages 2 and 3 are waited for, an invalidation of pages 3 and 4 comes and goes: page 4 alone is its own.
            m.Driver.InSecondPass = null;
            var inner = new Invalidation(RangeMachine.Pages(3, 2), InvalidationCause.ProtectionPage);
            Assert.Equal(Errno.None, m.Mm.Notifiers.Begin(inner, out InvalidationScope scope));
            scope.Dispose();
            mappedAfterInner = m.Dma.MappedPages;
            Assert.Equal((13, false, true), (range.ValidPages, Current(m, range, 3), Current(m, range, 5)));
        };

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(2), 2 * Page.Size));

        Assert.Equal((15L, 13L), (mappedAfterInner, m.Dma.MappedPages));
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
        Assert.Equal((true, 16L), (m.AreValid(range), m.Dma.MappedPages));
    }

    [Fact]
    public void Pages_that_are_unmapped_while_others_are_looked_up_are_brought_in_too()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Got(0);
        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(5), Page.Size));
        m.Gate = () =>
        {
            // Page 5 is known to be missing, and about to be looked up.
            m.Gate = null;
            m.Space.UnmapPages(range);
            return true;
        };

        Assert.Equal(Errno.None, m.Space.GetPages(range, default));

        Assert.Equal((16, 16L), (range.ValidPages, m.Dma.MappedPages));
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame), m.Frames(range));
    }

    [Fact]
    public void Pages_that_are_got_again_cost_no_allocation()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Range(0);
        long allocated = -1;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.None, m.Space.GetPages(range, default));
            var change = new Invalidation(RangeMachine.Pages(i, 2), InvalidationCause.ProtectionPage);
            Assert.Equal(Errno.None, m.Mm.Notifiers.Begin(change, out InvalidationScope scope));
            scope.Dispose();
            m.Dma.IsSilent = true;
            long before = GC.GetAllocatedBytesForCurrentThread();
            m.Space.GetPages(range, default);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            m.Dma.IsSilent = false;
            Assert.Equal(16, range.ValidPages);
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void With_one_place_wanted_pages_that_stay_count_too()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        var uniform = new SvmContext { Placement = SvmPlacement.Uniform };
        SvmRange range = m.Range(0);
        Assert.Equal(Errno.None, m.Space.GetPages(range, uniform));
        m.Process.ToDevice(4, 2);
        Assert.Equal((14, 14L), (range.ValidPages, m.Dma.MappedPages));

        Assert.Equal(Errno.EOPNOTSUPP, m.Space.GetPages(range, uniform));
        Assert.Equal((14, 14L), (range.ValidPages, m.Dma.MappedPages));
        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, new SvmContext { IsDeviceMemoryOnly = true }));
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
        Assert.Equal("s0 s0 s0 s0 d0 d0 s0 s0 s0 s0 s0 s0 s0 s0 s0 s0", m.Blocks(range));
        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, new SvmContext { IsDeviceMemoryOnly = true }));
    }

    [Fact]
    public void A_driver_is_told_which_entries_an_invalidation_takes()
    {
        using var m = new RangeMachine();
        m.Process.Map(32);
        m.Bound(0);
        SvmNotifier notifier = m.Range(0).Notifier;

        Assert.Equal(RangeMachine.Pages(3, 2), EntriesOf(m, notifier, RangeMachine.Pages(3, 2)));
        Assert.Equal(RangeMachine.Pages(14, 2), EntriesOf(m, notifier, RangeMachine.Pages(14, 10)));
        Assert.True(EntriesOf(m, notifier, RangeMachine.Pages(16, 16)).IsEmpty);
        m.Bound(16);
        Assert.Equal(RangeMachine.Pages(14, 10), EntriesOf(m, notifier, RangeMachine.Pages(14, 10)));
        Assert.Equal(RangeMachine.Pages(0, 32), EntriesOf(m, notifier, new AddressRange(0UL, 1UL << 47)));
    }

    private static AddressRange EntriesOf(RangeMachine m, SvmNotifier notifier, AddressRange part)
    {
        using (m.Space.NotifierLock.Enter())
        {
            return notifier.EntriesOf(new Invalidation(part, InvalidationCause.Clear));
        }
    }

    private static bool Current(RangeMachine m, SvmRange range, int page)
    {
        using (m.Space.NotifierLock.Enter())
        {
            return range.Blocks.ToArray().Any(block => block.FirstPage == page && block.IsCurrent);
        }
    }
}
