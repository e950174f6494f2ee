namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Getting the pages of a range that lie in system memory.</summary>
public sealed class GetPagesTests
{
    [Fact]
    public void Pages_are_faulted_in_and_mapped_in_both_directions_and_a_second_call_does_nothing()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(3, 2);

        SvmRange range = m.Got(5);

        Assert.Equal(Enumerable.Repeat("map 0 Bidirectional", 16), m.Dma.Calls);
        Assert.Equal((1, 1, 1, 1, 16L), m.State);
        Assert.Equal(16, m.Process.Frames.AllocatedFrames);
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame), m.Frames(range));
        Assert.Equal((true, false, Protection.ReadWrite), (range.HasMapping, range.HasDevicePages, range.Rights));

        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Write));
        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Read));
        Assert.Equal(16, m.Dma.Calls.Count);
    }

    [Fact]
    public void A_huge_page_is_one_block()
    {
        using RangeMachine m = WithHugePages();
        m.Process.Map(512);
        m.Process.Write(0, 1);

        SvmRange range = m.Got(100);

        Assert.Equal(("s9", 512L), (m.Blocks(range), m.Dma.MappedPages));
        Assert.Equal(["map 9 Bidirectional"], m.Dma.Calls);
    }

    [Fact]
    public void G05_A_range_inside_a_huge_page_maps_no_page_outside_of_itself()
    {
        using RangeMachine m = WithHugePages();
        m.Process.Map(512);
        m.Process.Write(0, 1);
        FrameNumber head = m.Mm.PageTable.Read(RangeMachine.At(0)).Frame;
        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(37), RangeMachine.Pages(32, 16), default, out SvmRange? range));

        Assert.Equal(Errno.None, m.Space.GetPages(range!, default));

        Assert.Equal(("s4", 16L), (m.Blocks(range!), m.Dma.MappedPages));
        Assert.Equal(Enumerable.Range(32, 16).Select(i => (FrameNumber?)(head + (ulong)i)), m.Frames(range!));

        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(77), RangeMachine.Pages(77, 1), default, out SvmRange? page));
        Assert.Equal(Errno.None, m.Space.GetPages(page!, default));
        Assert.Equal(("s0", 17L), (m.Blocks(page!), m.Dma.MappedPages));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(16)]
    public void G06_When_a_page_cannot_be_mapped_none_stays_mapped(int fails)
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Range(0);
        m.Process.Device.FailMap = fails;

        Assert.Equal(Errno.ENOMEM, m.Space.GetPages(range, default));

        Assert.Equal((1, 1, 1, 1, 0L), m.State);
        string[] expected = [.. Enumerable.Repeat("map 0 Bidirectional", fails), .. Enumerable.Repeat("unmap 0", fails - 1)];
        Assert.Equal(expected, m.Dma.Calls);
        Assert.False(m.AreValid(range, Protection.Read));
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
        Assert.Equal(16, m.Dma.MappedPages);
    }

    [Fact]
    public void G06_More_rights_that_cannot_be_had_leave_those_that_there_are()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Bound(0, RangeMachine.Read);
        m.Process.Device.FailMap = 5;

        Assert.Equal(Errno.ENOMEM, m.Space.GetPages(range, RangeMachine.Write));

        Assert.DoesNotContain("drop 16", m.Driver.Log);
        Assert.Equal((16L, true, Protection.Read), (m.Dma.MappedPages, m.Driver.IsBound(range), range.Rights));
    }

    [Fact]
    public void G07_One_deadline_bounds_all_retries()
    {
        var clock = new ManualClock();
        using var m = new RangeMachine(
            new SvmSpaceOptions { RetryLimit = TimeSpan.FromMilliseconds(100) }, new AddressSpaceOptions { Clock = clock });
        m.Process.Map(16);
        SvmRange range = m.Range(0);
        int tries = 0;
        m.Gate = () =>
        {
            // Between the beginning of a read and the look-up: each try is in vain.
            tries++;
            clock.Advance(TimeSpan.FromMilliseconds(30));
            Touch(m);
            return true;
        };

        Assert.Equal(Errno.EBUSY, m.Space.GetPages(range, default));
        Assert.Equal((4, 0L), (tries, m.Dma.MappedPages));
        Assert.Equal(Errno.EBUSY, m.Space.Evict(range));
        Assert.Equal(8, tries);
    }

    [Fact]
    public void G07_An_invalidation_that_does_not_end_is_waited_for_no_longer_than_that()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { RetryLimit = TimeSpan.FromMilliseconds(1) });
        m.Process.Map(16);
        SvmRange range = m.Range(0);
        var invalidation = new Invalidation(RangeMachine.Pages(3, 1), InvalidationCause.Clear);
        Assert.Equal(Errno.None, m.Mm.Notifiers.Begin(invalidation, out InvalidationScope scope));
        using (scope)
        {
            Assert.Equal(Errno.EBUSY, m.Space.GetPages(range, default));
            Assert.Equal(Errno.EBUSY, m.Space.Evict(range));
        }

        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
    }

    [Fact]
    public void G13_Pages_that_were_got_for_reading_are_not_valid_for_writing()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Read(3);
        SvmRange range = m.Bound(0, RangeMachine.Read);
        Assert.Equal((true, false), (m.AreValid(range, Protection.Read), m.AreValid(range, Protection.ReadWrite)));
        Assert.Equal(Enumerable.Repeat("map 0 ToDevice", 16), m.Dma.Calls);

        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Write));

        Assert.True(m.AreValid(range, Protection.ReadWrite));
        Assert.Equal(16, m.Dma.MappedPages);
        Assert.Equal(16, m.Dma.Calls.Count(call => call == "map 0 Bidirectional"));
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame), m.Frames(range));
        Assert.False(m.Driver.IsBound(range));
    }

    [Fact]
    public void More_rights_have_the_device_drop_its_entries_before_the_old_mappings_go()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        m.Process.Write(0, 1);
        SvmRange range = m.Bound(0, RangeMachine.Read);
        m.Driver.Log.Clear();

        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Write));

        Assert.Equal(["drop 1", "unmap 0"], m.Driver.Log);
        Assert.Equal(["map 0 ToDevice", "map 0 Bidirectional", "unmap 0"], m.Dma.Calls);
    }

    [Fact]
    public void G14_Who_is_slower_finds_the_pages_mapped_and_maps_none()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Range(0);
        AtAllocation(m, 2, () => Assert.Equal(Errno.None, m.Space.GetPages(range, default)));

        Assert.Equal(Errno.None, m.Space.GetPages(range, default));

        Assert.Equal((16L, 16), (m.Dma.MappedPages, m.Dma.Calls.Count));
        Assert.True(m.AreValid(range));
    }

    [Fact]
    public void A_range_that_is_removed_while_its_pages_are_looked_up_gets_none()
    {
        using var m = new RangeMachine();
        m.Process.Map(32);
        m.Range(16);
        SvmRange range = m.Range(0);
        AtAllocation(m, 2, () => m.Space.Remove(range));

        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, default));
        Assert.Equal((1, 1, 1, 1, 0L), m.State);
        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, default));
        Assert.Equal(Errno.EFAULT, m.Space.Evict(range));
    }

    [Fact]
    public void Pages_that_change_after_the_look_up_are_looked_up_again()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        m.Process.Write(0, 16);
        SvmRange range = m.Range(0);
        AtAllocation(m, 2, () => Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(4), Page.Size)));

        Assert.Equal(Errno.None, m.Space.GetPages(range, default));

        Assert.Equal(Enumerable.Range(0, 16).Select(i => (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame), m.Frames(range));
        Assert.Equal(16, m.Dma.Calls.Count);
    }

    [Fact]
    public void No_memory_for_the_addresses_is_ENOMEM_and_maps_nothing()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Range(0);
        List<int> asked = [];
        for (int fails = 1; asked.Count < 3; fails++)
        {
            int calls = 0;
            int refused = fails;
            m.Gate = () => ++calls != refused;
            Assert.Equal(fails <= 2 ? Errno.ENOMEM : Errno.None, m.Space.GetPages(range, default));
            Assert.Equal(fails <= 2 ? 0 : 16, m.Dma.MappedPages);
            asked.Add(calls);
        }

        Assert.Equal([1, 2, 2], asked);

        // The array of addresses stays for the next time.
        m.Space.UnmapPages(range);
        int again = 0;
        m.Gate = () => ++again > 0;
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
        Assert.Equal(1, again);
    }

    [Fact]
    public void What_the_mapping_does_not_allow_is_EPERM_and_what_cannot_be_had_EFAULT()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Range(0);

        m.Protect(8, 1, Protection.Read);
        Assert.Equal(Errno.EPERM, m.Space.GetPages(range, RangeMachine.Write));
        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Read));
        m.Protect(9, 1, Protection.None);
        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, RangeMachine.Read));
        Assert.Equal(15, m.Dma.MappedPages);

        m.Protect(8, 2, Protection.ReadWrite);
        m.Process.FailAllocations(1);
        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, RangeMachine.Write));
        m.Process.FailAllocations(0);
        Assert.Equal(Errno.None, m.Space.GetPages(range, RangeMachine.Write));
    }

    [Theory]
    [InlineData(PartialUnmap.KeepRest, Errno.None)]
    [InlineData(PartialUnmap.DropRange, Errno.EFAULT)]
    public void A_range_of_which_something_was_unmapped_is_EFAULT_in_the_originals_way_also_when_it_is_mapped_again(
        PartialUnmap partial, Errno again)
    {
        using var m = new RangeMachine(new SvmSpaceOptions { PartialUnmap = partial });
        m.Process.Map(16);
        SvmRange range = m.Got(0);
        m.Unmap(15, 1);

        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, RangeMachine.Read));
        m.Process.MapAt(15, 1);
        Assert.Equal(again, m.Space.GetPages(range, RangeMachine.Read));
    }

    [Fact]
    public void A_range_that_was_unmapped_as_a_whole_is_EFAULT_also_when_it_is_mapped_again()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Got(0);
        m.Unmap(0, 16);
        m.Process.MapAt(0, 16);

        Assert.Equal((Errno.EFAULT, 0L), (m.Space.GetPages(range, RangeMachine.Read), m.Dma.MappedPages));
        SvmRange next = m.Got(0);
        Assert.NotSame(range, next);
        Assert.Equal((1, 1, 1, 1, 16L), m.State);
    }

    [Fact]
    public void A_range_of_another_space_is_refused()
    {
        using var m = new RangeMachine();
        using var other = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Range(0);

        Assert.Throws<ArgumentException>(() => other.Space.GetPages(range, default));
        Assert.Throws<ArgumentException>(() => other.Space.Remove(range));
        Assert.Throws<ArgumentException>(() => other.Space.UnmapPages(range));
        Assert.Throws<ArgumentException>(() => other.Space.Evict(range));
    }

    private static RangeMachine WithHugePages() => new(space: new AddressSpaceOptions { HugePages = HugePagePolicy.Always });

    /// <summary>Has something done at one of the next allocations: 1 before the look-up, 2 behind it.</summary>
    private static void AtAllocation(RangeMachine machine, int which, Action body) => machine.Gate = () =>
    {
        if (--which == 0)
        {
            machine.Gate = null;
            body();
        }

        return true;
    };

    /// <summary>Invalidates what the range's notifier covers.</summary>
    private static void Touch(RangeMachine machine)
    {
        var touched = new Invalidation(RangeMachine.Pages(0, 1), InvalidationCause.Clear);
        Assert.Equal(Errno.None, machine.Mm.Notifiers.Begin(touched, out InvalidationScope scope));
        scope.Dispose();
    }
}
