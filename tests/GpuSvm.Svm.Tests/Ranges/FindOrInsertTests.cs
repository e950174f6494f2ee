namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Finding and making ranges: each result, and what is left behind.</summary>
public sealed class FindOrInsertTests
{
    private const ulong NotifierSize = 4UL << 20;

    [Fact]
    public void The_first_fault_makes_a_range_and_a_notifier_and_later_ones_find_them()
    {
        using var m = new RangeMachine();
        m.Process.Map(1024);

        SvmRange range = m.Range(17);

        Assert.Equal(RangeMachine.Pages(0, 512), range.Range);
        Assert.Equal(AddressRange.FromLength(RangeMachine.At(0), 512UL << 20), range.Notifier.Range);
        Assert.Equal($"data of {range.Range}", range.Data);
        Assert.Same(range, m.Range(0));
        Assert.Same(range, m.Range(511));
        Assert.NotSame(range, m.Range(512));
        Assert.Same(range.Notifier, m.Range(512).Notifier);
        Assert.Equal((2, 1, 1, 2, 0L), m.State);
    }

    [Fact]
    public void G01_The_address_just_past_the_window_is_refused()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { Window = RangeMachine.Pages(1, 2) });
        m.Process.MapAt(1, 2);

        Assert.Equal(Errno.EINVAL, m.Find(0, out _));
        Assert.Equal(Errno.None, m.Find(1, out _));
        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(3) - 1UL, RangeMachine.Everything, default, out _));

        // Nothing is mapped there either: that is not even asked.
        Assert.Equal(Errno.EINVAL, m.Find(3, out SvmRange? none));
        Assert.Null(none);
        Assert.Equal((2, 1, 1, 2, 0L), m.State);
    }

    [Fact]
    public void G02_The_last_byte_of_a_notifier_is_its_own_and_not_its_neighbours()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { NotifierSize = NotifierSize });
        m.Process.Map(2048);
        SvmRange neighbour = m.Range(1024);

        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(1024) - 1UL, RangeMachine.Everything, default, out SvmRange? last));

        Assert.Equal(RangeMachine.Pages(0, 1024), last!.Notifier.Range);
        Assert.Equal(RangeMachine.Pages(512, 512), last.Range);
        Assert.Equal(RangeMachine.Pages(1024, 1024), neighbour.Notifier.Range);
        Assert.Equal((2, 2, 2, 2, 0L), m.State);
    }

    [Fact]
    public void Where_nothing_is_mapped_is_ENOENT_and_nothing_stays()
    {
        using var m = new RangeMachine();
        m.Process.Map(4);

        Assert.Equal(Errno.ENOENT, m.Find(4, out SvmRange? range));
        Assert.Null(range);
        Assert.Equal((0, 0, 0, 0, 0L), m.State);
    }

    [Fact]
    public void A_write_to_what_may_only_be_read_is_EPERM_and_a_read_is_not()
    {
        using var m = new RangeMachine();
        m.Process.Map(4, Protection.Read);

        Assert.Equal(Errno.EPERM, m.Find(0, out SvmRange? range));
        Assert.Null(range);
        Assert.Equal((0, 0, 0, 0, 0L), m.State);
        Assert.Equal(Errno.None, m.Find(0, out range, RangeMachine.Read));
        Assert.Equal(Errno.EPERM, m.Find(0, out _));
        Assert.Equal(RangeMachine.Pages(0, 1), range!.Range);
    }

    [Fact]
    public void An_address_space_or_a_space_that_has_ended_is_EFAULT()
    {
        using var m = new RangeMachine();
        m.Process.Map(4);
        m.Range(0);
        m.Mm.Exit();
        Assert.Equal(Errno.EFAULT, m.Find(0, out SvmRange? range));
        Assert.Null(range);

        using var other = new RangeMachine();
        other.Process.Map(4);
        other.Space.Dispose();
        Assert.Equal(Errno.EFAULT, other.Find(0, out _));
    }

    [Fact]
    public void A_window_of_the_device_that_holds_not_even_the_page_is_EINVAL_and_the_notifier_goes_again()
    {
        using var m = new RangeMachine();
        m.Process.Map(4);

        Assert.Equal(Errno.EINVAL, m.Space.FindOrInsert(RangeMachine.At(2), RangeMachine.Pages(0, 2), default, out SvmRange? range));
        Assert.Null(range);
        Assert.Equal((0, 0, 0, 0, 0L), m.State);
    }

    [Fact]
    public void Whichever_allocation_fails_it_is_ENOMEM_and_all_is_as_before()
    {
        using var m = new RangeMachine();
        m.Process.Map(4);
        List<Errno> results = [];
        for (int fails = 1; results is not [.., Errno.None]; fails++)
        {
            int left = fails;
            m.Gate = () => --left != 0;
            results.Add(m.Find(0, out SvmRange? range));
            Assert.Equal(results[^1] == Errno.None ? (1, 1, 1, 1, 0L) : (0, 0, 0, 0, 0L), m.State);
            Assert.Equal(results[^1] == Errno.None, range is not null);
        }

        Assert.Equal([Errno.ENOMEM, Errno.ENOMEM, Errno.None], results);
    }

    [Fact]
    public void What_the_driver_says_is_passed_on_and_all_is_as_before()
    {
        using var m = new RangeMachine();
        m.Process.Map(4);
        m.Driver.Refusal = Errno.ENOSPC;

        Assert.Equal(Errno.ENOSPC, m.Find(0, out SvmRange? range));
        Assert.Null(range);
        Assert.Equal((0, 0, 0, 0, 0L), m.State);
    }

    [Fact]
    public void Who_is_slower_takes_the_range_that_another_has_made()
    {
        using var m = new RangeMachine();
        m.Process.Map(512);
        SvmRange? first = null;
        m.Driver.WhileAllocating = () => OnAnotherThread(m, () => first = m.Range(3));

        SvmRange second = m.Range(5);

        Assert.Same(first, second);
        Assert.Equal((1, 1, 1, 1, 0L), m.State);
    }

    [Fact]
    public void Who_is_slower_takes_a_smaller_chunk_beside_the_range_that_another_has_made()
    {
        using var m = new RangeMachine();
        m.Process.Map(512);
        m.Driver.WhileAllocating = () => OnAnotherThread(m, () =>
            Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(3), RangeMachine.Pages(0, 16), default, out _)));

        Assert.Equal(RangeMachine.Pages(32, 16), m.Range(37).Range);
        Assert.Equal((2, 1, 1, 2, 0L), m.State);
    }

    [Fact]
    public void A_notifier_that_two_are_about_to_use_outlives_the_one_who_fails()
    {
        using var m = new RangeMachine();
        m.Process.Map(512);
        m.Driver.WhileAllocating = () => OnAnotherThread(m, () =>
        {
            m.Driver.Refusal = Errno.ENOSPC;
            Assert.Equal(Errno.ENOSPC, m.Find(5, out _));
            m.Driver.Refusal = Errno.None;
        });

        SvmRange range = m.Range(5);

        Assert.Equal((1, 1, 1, 1, 0L), m.State);
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
    }

    [Fact]
    public void A_range_that_exists_is_found_without_an_allocation()
    {
        using var m = new RangeMachine();
        m.Process.Map(512);
        SvmRange there = m.Range(5);
        m.Space.FindOrInsert(RangeMachine.At(6), RangeMachine.Everything, default, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        m.Space.FindOrInsert(RangeMachine.At(7), RangeMachine.Everything, default, out SvmRange? found);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Same(there, found);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Only_anonymous_memory_may_migrate_and_only_where_the_context_says_so()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        Assert.Equal(Errno.None, m.Mm.MapShared(RangeMachine.At(2), Page.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        var possible = new SvmContext { IsDeviceMemoryPossible = true };

        Assert.False(m.Range(2, possible).MayMigrate);
        Assert.True(m.Range(0, possible).MayMigrate);
        m.Space.Remove(m.Range(0));
        Assert.False(m.Range(0).MayMigrate);
    }

    [Fact]
    public void Ranges_and_mappings_are_looked_for_by_address()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { NotifierSize = NotifierSize });
        m.Process.MapAt(8, 2);
        m.Process.MapAt(1024, 1);
        m.Range(9);
        m.Range(1024);

        Assert.False(m.Space.HasMapping(RangeMachine.Pages(0, 9)));
        Assert.True(m.Space.HasMapping(RangeMachine.Pages(0, 10)));
        Assert.True(m.Space.HasMapping(RangeMachine.Pages(9, 1)));
        Assert.False(m.Space.HasMapping(RangeMachine.Pages(10, 1014)));
        Assert.True(m.Space.HasMapping(RangeMachine.Pages(10, 1015)));
        Assert.False(m.Space.HasMapping(default));

        Assert.True(m.Space.TryFindVmaStart(RangeMachine.Pages(0, 9), out VirtualAddress start));
        Assert.Equal(RangeMachine.At(8), start.Value);
        Assert.True(m.Space.TryFindVmaStart(RangeMachine.Pages(9, 1), out start));
        Assert.Equal(RangeMachine.At(8), start.Value);
        Assert.False(m.Space.TryFindVmaStart(RangeMachine.Pages(10, 1014), out _));
        Assert.False(m.Space.TryFindVmaStart(RangeMachine.Pages(1025, 9), out _));
    }

    private static void OnAnotherThread(RangeMachine machine, Action body)
    {
        machine.Driver.WhileAllocating = null;
        SvmThread.Start("another fault", body).Join();
    }
}
