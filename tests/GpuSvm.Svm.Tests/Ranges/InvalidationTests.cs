namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>What a change of the CPU's view does to ranges, and when their pages are taken back.</summary>
public sealed class InvalidationTests
{
    [Fact]
    public void Entries_are_dropped_then_waited_for_and_only_then_are_the_pages_unmapped()
    {
        using var m = new RangeMachine();
        m.Process.Map(2);
        SvmRange range = m.Bound(1);
        bool? validAfterFirstPass = null;
        m.Driver.Log.Clear();
        m.Driver.InSecondPass = _ => validAfterFirstPass = m.AreValid(range, Protection.Read);

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(1), Page.Size));

        Assert.Equal(["invalidate Clear 1", "flushed Clear", "unmap 0"], m.Driver.Log);
        Assert.False(validAfterFirstPass);
        Assert.Equal((1, 1, 1, 1, 0L), m.State);
        Assert.Equal((false, false, false), (range.HasMapping, range.IsUnmapped, m.Driver.IsBound(range)));
        Assert.Equal("", m.Blocks(range));
    }

    [Fact]
    public void Only_ranges_that_are_touched_lose_their_pages()
    {
        using var m = new RangeMachine();
        m.Process.Map(48);
        SvmRange[] ranges = [m.Bound(0), m.Bound(16), m.Bound(32)];

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(31), Page.Size));

        Assert.Equal([true, false, true], ranges.Select(range => m.AreValid(range)));
        Assert.Equal([16, 15, 16], ranges.Select(range => range.ValidPages));
        Assert.Equal(47, m.Dma.MappedPages);
    }

    [Fact]
    public void A_one_pass_driver_has_the_pages_unmapped_in_the_callback()
    {
        using var m = new RangeMachine();
        m.Process.Map(2);
        m.Driver.IsOnePass = true;
        m.Bound(0);
        m.Driver.Log.Clear();

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(0), Page.Size));

        Assert.Equal(["invalidate Clear 1", "unmap 0", "flushed Clear"], m.Driver.Log);
        Assert.Equal(0, m.Dma.MappedPages);
    }

    [Fact]
    public void Outside_of_a_callback_the_device_drops_its_entries_first()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Bound(0);
        m.Driver.Log.Clear();

        m.Space.UnmapPages(range);
        m.Space.UnmapPages(range);

        Assert.Equal(["drop 1", "unmap 0"], m.Driver.Log);
        Assert.False(m.AreValid(range, Protection.Read));
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
    }

    [Fact]
    public void Of_two_invalidations_the_last_to_be_waited_for_unmaps()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Bound(0);
        long mappedAfterInner = -1;
        m.Driver.InSecondPass = _ =>
        {
            // While the first is being waited for, a second one comes and goes; it has nothing to flush.
            m.Driver.InSecondPass = null;
            var inner = new Invalidation(RangeMachine.Pages(0, 1), InvalidationCause.ProtectionPage);
            Assert.Equal(Errno.None, m.Mm.Notifiers.Begin(inner, out InvalidationScope scope));
            scope.Dispose();
            mappedAfterInner = m.Dma.MappedPages;
        };

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(0), Page.Size));

        Assert.Equal((1L, 0L), (mappedAfterInner, m.Dma.MappedPages));
        Assert.Equal(Errno.None, m.Space.GetPages(range, default));
        Assert.True(m.AreValid(range));
    }

    [Theory]
    [InlineData(0, 16, false)]
    [InlineData(0, 20, false)]
    [InlineData(0, 15, true)]
    [InlineData(1, 15, true)]
    [InlineData(5, 1, true)]
    public void Unmapping_marks_the_range_and_says_whether_a_part_stays(int first, int count, bool isPartial)
    {
        using var m = new RangeMachine();
        m.Process.Map(20);
        SvmRange range = m.Bound(3);

        m.Unmap(first, count);

        Assert.Equal((true, isPartial), (range.IsUnmapped, range.IsPartiallyUnmapped));
        Assert.Same(range, Assert.Single(m.Driver.Garbage));
        Assert.Equal((1, 1, 1, 1, Math.Max(16L - count, 0)), m.State);
        Assert.Equal(Math.Max(16 - count, 0), m.Driver.EntriesOf(range.Range));
    }

    [Fact]
    public void Once_partial_stays_partial_when_the_rest_goes_too()
    {
        using var m = new RangeMachine();
        m.Process.Map(16);
        SvmRange range = m.Range(0);
        m.Unmap(0, 8);
        m.Unmap(0, 16);
        Assert.True(range.IsPartiallyUnmapped);
    }

    [Fact]
    public void A_driver_that_would_have_to_wait_refuses_and_the_pages_stay()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Bound(0);
        m.Driver.RefusesToWait = true;
        var invalidation = new Invalidation(RangeMachine.Pages(0, 1), InvalidationCause.Clear, null, InvalidationBlocking.NonBlockable);

        Assert.Equal(Errno.EAGAIN, m.Mm.Notifiers.Begin(invalidation, out InvalidationScope scope));
        scope.Dispose();

        Assert.Equal((true, true), (m.AreValid(range), m.Driver.IsBound(range)));
    }

    [Fact]
    public void Entries_are_not_made_for_pages_that_have_gone_meanwhile()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Got(0);
        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(0), Page.Size));

        Assert.False(m.Driver.Bind(m.Space, range, Protection.Read));
    }

    [Fact]
    public void A_change_of_a_neighbouring_notifier_is_not_heard_of()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { NotifierSize = 2UL << 20 });
        m.Process.Map(1024);
        SvmRange range = m.Bound(0);
        m.Driver.Log.Clear();

        Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(512), 512 * Page.Size));

        Assert.Empty(m.Driver.Log);
        Assert.True(m.AreValid(range));
    }
}
