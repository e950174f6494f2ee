namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>The end of ranges, of notifiers, and of a space.</summary>
public sealed class RemovalTests
{
    [Fact]
    public void The_last_range_takes_its_notifier_with_it()
    {
        using var m = new RangeMachine();
        m.Process.Map(32);
        SvmRange first = m.Bound(0);
        SvmRange second = m.Bound(16);
        m.Driver.Log.Clear();

        Assert.True(m.Space.Remove(first));
        Assert.Equal((1, 1, 1, 1, 16L), m.State);
        Assert.Equal(["drop 16", .. Enumerable.Repeat("unmap 0", 16)], m.Driver.Log);
        Assert.True(m.Space.Remove(second));
        Assert.Equal((0, 0, 0, 0, 0L), m.State);
        Assert.True(first.IsRemoved);
    }

    [Fact]
    public void A_second_removal_does_nothing()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Range(0);
        m.Space.Remove(range);
        SvmRange another = m.Range(0);

        Assert.False(m.Space.Remove(range));
        Assert.NotSame(range, another);
        Assert.Equal((1, 1, 1, 1, 0L), m.State);
    }

    [Fact]
    public void What_the_driver_keeps_is_freed_with_the_last_reference()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Range(0);
        range.Get();
        range.Get();

        m.Space.Remove(range);
        Assert.Equal((0, 0, 0, 1, 0L), m.State);
        range.Put();
        Assert.Equal(1, m.Driver.Kept);
        range.Put();
        Assert.Equal(0, m.Driver.Kept);
        Assert.Throws<InvalidOperationException>(range.Put);
        Assert.Throws<InvalidOperationException>(range.Get);
    }

    [Fact]
    public void A_range_is_removed_while_an_invalidation_runs_and_a_new_one_waits_for_its_end()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { RetryLimit = TimeSpan.Zero });
        m.Process.Map(1);
        SvmRange range = m.Bound(0);
        var invalidation = new Invalidation(RangeMachine.Pages(0, 1), InvalidationCause.Clear);
        Assert.Equal(Errno.None, m.Mm.Notifiers.Begin(invalidation, out InvalidationScope scope));
        SvmRange next;
        using (scope)
        {
            Assert.True(m.Space.Remove(range));
            Assert.Equal((0, 0), (m.Space.RangeCount, m.Space.NotifierCount));
            next = m.Range(0);
            Assert.NotSame(range.Notifier, next.Notifier);
            Assert.Equal(Errno.EBUSY, m.Space.GetPages(next, default));
        }

        Assert.Equal((1, 1, 1, 1, 0L), m.State);
        Assert.Equal(Errno.None, m.Space.GetPages(next, default));
    }

    [Fact]
    public void The_end_of_the_space_removes_everything_once()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { NotifierSize = 2UL << 20 });
        m.Process.Map(1024);
        m.Bound(0);
        m.Got(512);
        SvmRange held = m.Range(513);
        held.Get();

        m.Space.Dispose();
        Assert.Equal((0, 0, 0, 1, 0L), m.State);
        m.Space.Dispose();
        Assert.Equal(Errno.EFAULT, m.Space.GetPages(held, default));
        Assert.False(m.Space.Remove(held));
        held.Put();
    }

    [Fact]
    public void The_end_waits_for_a_callback_that_runs()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Bound(0);
        var begun = new WakeEvent();
        m.Driver.Log.Clear();
        m.Driver.InSecondPass = notifier =>
        {
            begun.Set();
            Spin spin = default;
            while (!notifier.Interval.IsRemoved)
            {
                spin.Once();
            }

            m.Driver.Log.Add("the callback ends");
        };
        SvmThread discard = SvmThread.Start("discard", () => Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(0), Page.Size)));
        begun.Wait();

        m.Space.Dispose();
        m.Driver.Log.Add("the space has ended");
        discard.Join();

        Assert.Equal(["invalidate Clear 1", "flushed Clear", "the callback ends", "unmap 0", "the space has ended"], m.Driver.Log);
        Assert.True(range.IsRemoved);
    }

    [Fact]
    public void The_end_of_the_address_space_takes_the_pages_and_leaves_the_ranges()
    {
        using var m = new RangeMachine();
        m.Process.Map(1);
        SvmRange range = m.Bound(0);

        m.Mm.Exit();

        Assert.Equal((1, 1, 1, 1, 0L), m.State);
        Assert.Equal(Errno.EFAULT, m.Space.GetPages(range, default));
        Assert.False(m.Space.TryFindVmaStart(RangeMachine.Everything, out _));
    }
}
