namespace GpuSvm.Mm.Tests;

/// <summary>Changes that a mirror asks for inside a callback: found at once, made when the set may change, released, waited for.</summary>
public sealed class DeferredChangeTests
{
    private static readonly AddressRange Whole = new(0x1000UL, 0x9000UL);
    private static readonly AddressRange Left = new(0x1000UL, 0x3000UL);
    private static readonly AddressRange Hole = new(0x3000UL, 0x5000UL);
    private static readonly AddressRange Right = new(0x5000UL, 0x9000UL);
    private readonly IntervalNotifiers _set = new();
    private readonly RecordingMirror _mirror = new("a");
    private readonly IntervalNotifier _notifier;
    private readonly IntervalNotifier _other;

    public DeferredChangeTests()
    {
        _notifier = new IntervalNotifier(_mirror);
        _other = new IntervalNotifier(_mirror);
    }

    [Fact]
    public void An_interval_splits_in_a_callback_and_invalidations_that_run_meanwhile_still_reach_all_of_it()
    {
        _set.Insert(_notifier, Whole);
        _mirror.Then = Split;
        InvalidationScope unmap = Begin(Hole);
        _mirror.Then = null;

        Assert.Equal((1, Left, Right), (_set.Count, _notifier.Range, _other.Range));
        Assert.Equal([_notifier, null, _other], new[] { Left, Hole, Right }.Select(Find));
        Begin(Right).Dispose();
        unmap.Dispose();
        Assert.Equal(2, _set.Count);
        Begin(Hole).Dispose();
        Begin(Left).Dispose();
        Assert.Equal(["a [0x3000, 0x5000) Unmap", "a [0x5000, 0x9000) Unmap", "a [0x1000, 0x3000) Unmap"], _mirror.Log);
    }

    [Fact]
    public void The_first_and_the_last_of_a_mirror_are_found_by_the_ranges_that_were_asked_for()
    {
        var stranger = new IntervalNotifier(new RecordingMirror("b"));
        _set.Insert(stranger, Whole);
        _set.Insert(_notifier, Left);
        _set.Insert(_other, Right);
        Assert.Equal((_notifier, _other), (Find(Whole), FindLast(Whole)));
        Assert.Equal((null, null), (Find(Hole), FindLast(Hole)));
        Assert.Equal((null, null), (Find(default), FindLast(default)));

        InvalidationScope scope = Begin(Hole);
        Under(() => _set.Resize(_other, new AddressRange(0UL, 0x1000UL)));
        Assert.Equal((_other, _notifier, null), (Find(new AddressRange(0UL, 0x9000UL)), FindLast(new AddressRange(0UL, 0x9000UL)), Find(Right)));
        Under(() => _set.RemoveDeferred(_notifier));
        Assert.Null(Find(Whole));
        scope.Dispose();
    }

    [Fact]
    public void A_range_that_grows_while_invalidations_run_makes_its_readers_wait()
    {
        _set.Insert(_notifier, Left);
        Assert.True(_notifier.TryReadBegin(Now(), out long before));
        InvalidationScope scope = Begin(Right);
        Assert.Equal(2, _set.Sequence);
        Under(() => _set.Resize(_notifier, Left));
        Assert.Equal((2, false), (_set.Sequence, _notifier.CheckRetry(before)));
        Under(() => _set.Resize(_notifier, Whole));
        Assert.Equal((3, true), (_set.Sequence, _notifier.CheckRetry(before)));
        Assert.False(_notifier.TryReadBegin(Now(), out _));
        scope.Dispose();
        Assert.True(_notifier.TryReadBegin(Now(), out long after));
        Assert.False(_notifier.CheckRetry(after));
        Begin(Right).Dispose();
        Assert.Single(_mirror.Log);
    }

    [Fact]
    public void A_notifier_of_another_range_is_there_once_and_hears_of_that_range_only()
    {
        _set.Insert(_notifier, Whole);
        Under(() => _set.Resize(_notifier, Left));
        Assert.Equal(1, _set.Count);
        Begin(Right).Dispose();
        Assert.Empty(_mirror.Log);

        InvalidationScope scope = Begin(Left);
        Under(() => _set.Resize(_notifier, Right));
        scope.Dispose();
        Assert.Equal(1, _set.Count);
        Begin(Left).Dispose();
        Assert.Single(_mirror.Log);
        Begin(Right).Dispose();
        Assert.Equal(["a [0x1000, 0x3000) Unmap", "a [0x5000, 0x9000) Unmap"], _mirror.Log);
    }

    [Fact]
    public void A_growth_that_is_put_off_makes_readers_wait_and_a_shrinking_does_not()
    {
        _set.Insert(_notifier, Left);
        _set.Insert(_other, Right);
        Assert.True(_notifier.TryReadBegin(Now(), out long before));
        InvalidationScope scope = Begin(Right);
        Under(() => _set.Resize(_notifier, new AddressRange(0x1000UL, 0x2000UL)));
        Assert.False(_notifier.CheckRetry(before));
        Under(() => _set.Resize(_notifier, new AddressRange(0x1000UL, 0x4000UL)));
        Assert.True(_notifier.CheckRetry(before));
        Assert.False(_notifier.TryReadBegin(Now(), out _));
        scope.Dispose();
        Assert.True(_notifier.TryReadBegin(Now(), out _));
        Begin(Hole).Dispose();
        Assert.Equal(2, _mirror.Log.Count);
    }

    [Fact]
    public void Removed_while_idle_a_notifier_leaves_and_is_released_at_once_and_confirms_no_read_any_more()
    {
        _set.Insert(_notifier, Left);
        Assert.True(_notifier.TryReadBegin(Now(), out long before));
        Under(() => _set.RemoveDeferred(_notifier));
        Assert.Equal((0, false, true), (_set.Count, _notifier.IsInserted, _notifier.IsRemoved));
        Assert.True(Retry(before));
        Assert.True(_notifier.TryReadBegin(Now(), out long sequence));
        Assert.True(Retry(sequence));
        Assert.Equal([_notifier], _mirror.Released);

        Assert.Equal(Errno.None, _set.Insert(_notifier, Right));
        Assert.False(_notifier.IsRemoved);
        Assert.True(_notifier.TryReadBegin(Now(), out sequence));
        Assert.False(Retry(sequence));
    }

    [Fact]
    public void Removed_in_a_callback_a_notifier_is_still_reached_until_it_has_left_and_confirms_no_read()
    {
        _set.Insert(_notifier, Left);
        _mirror.Then = _set.RemoveDeferred;
        InvalidationScope outer = Begin(Left);
        _mirror.Then = null;
        Begin(Left).Dispose();
        Assert.Equal((1, 2, 0), (_set.Count, _mirror.Log.Count, _mirror.Released.Count));
        Assert.Equal((true, true), (_notifier.IsInserted, _notifier.IsRemoved));
        Assert.False(_notifier.TryReadBegin(Now(), out _));
        outer.Dispose();
        Assert.True(_notifier.TryReadBegin(Now(), out long sequence));
        Assert.True(Retry(sequence));
        Assert.Equal((0, false), (_set.Count, _notifier.IsInserted));
        Assert.Equal([_notifier], _mirror.Released);
    }

    [Fact]
    public void A_removal_follows_an_insertion_or_a_new_range_that_is_still_put_off()
    {
        _set.Insert(_notifier, Left);
        InvalidationScope scope = Begin(Left);
        _set.Insert(_other, Right);
        Under(() => _set.Resize(_other, Hole));
        Under(() => _set.RemoveDeferred(_other));
        Assert.Equal([_other], _mirror.Released);
        Under(() => _set.Resize(_notifier, Whole));
        Under(() => _set.RemoveDeferred(_notifier));
        scope.Dispose();
        Assert.Equal([_other, _notifier], _mirror.Released);
        Assert.Equal((0, 4), (_set.Count, _set.Sequence));
    }

    [Fact]
    public void A_removal_that_waits_takes_the_place_of_a_new_range_that_is_put_off()
    {
        _set.Insert(_notifier, Left);
        InvalidationScope scope = Begin(Left);
        Under(() => _set.Resize(_notifier, Whole));
        SvmThread remover = SvmThread.Start("remover", () => _set.Remove(_notifier));
        scope.Dispose();
        remover.Join();
        Assert.Equal((0, 0), (_set.Count, _mirror.Released.Count));
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<InvalidOperationException>(() => Under(() => _set.RemoveDeferred(_notifier)));
        _set.Insert(_notifier, Left);
        Assert.Throws<InvariantException>(() => _set.RemoveDeferred(_notifier));
        Assert.Throws<InvariantException>(() => _set.Resize(_notifier, Right));
        Under(() => Assert.Equal(Errno.EOVERFLOW, _set.Resize(_notifier, default)));
        InvalidationScope scope = Begin(Left);
        Under(() => _set.RemoveDeferred(_notifier));
        Assert.Throws<InvalidOperationException>(() => Under(() => _set.RemoveDeferred(_notifier)));
        Assert.Throws<InvalidOperationException>(() => Under(() => _set.Resize(_notifier, Right)));
        Assert.Throws<InvalidOperationException>(() => _set.Remove(_notifier));
        Assert.Throws<InvariantException>(() => Under(_set.Synchronize));
        scope.Dispose();
    }

    [Fact]
    public void Synchronize_waits_for_what_was_put_off_and_for_the_release()
    {
        _set.Insert(_notifier, Left);
        _mirror.Then = _set.RemoveDeferred;
        InvalidationScope scope = Begin(Left);
        int released = -1;
        SvmThread waiter = SvmThread.Start("waiter", () =>
        {
            _set.Synchronize();
            released = _mirror.Released.Count;
        });
        Assert.Equal(1, _set.Count);
        scope.Dispose();
        waiter.Join();
        Assert.Equal(1, released);
        _set.Synchronize();
    }

    [Fact]
    public void A_release_that_throws_does_not_keep_those_behind_it_nor_who_waits()
    {
        _set.Insert(_notifier, Left);
        _set.Insert(_other, Right);
        _mirror.Then = _set.RemoveDeferred;
        InvalidationScope scope = Begin(Whole);
        _mirror.ThenReleased = notifier =>
        {
            if (notifier == _notifier)
            {
                throw new InvariantException("The first one fails.");
            }
        };
        bool failed = false;
        try
        {
            scope.Dispose();
        }
        catch (InvariantException)
        {
            failed = true;
        }

        _set.Synchronize();
        Assert.True(failed);
        Assert.Equal([_notifier, _other], _mirror.Released);
    }

    private void Split(IntervalNotifier notifier)
    {
        Assert.Equal(Errno.None, _set.Resize(notifier, Left));
        Assert.Equal(Errno.None, _set.Insert(_other, Right));
    }

    private IntervalNotifier? Find(AddressRange range) => _set.TryFind(_mirror, range, out IntervalNotifier? found) ? found : null;

    private IntervalNotifier? FindLast(AddressRange range) => _set.TryFindLast(_mirror, range, out IntervalNotifier? found) ? found : null;

    private void Under(Action change)
    {
        using (_mirror.UpdateLock.Enter())
        {
            change();
        }
    }

    private bool Retry(long sequence)
    {
        using (_mirror.UpdateLock.Enter())
        {
            return _notifier.ReadRetry(sequence);
        }
    }

    private InvalidationScope Begin(AddressRange range)
    {
        Assert.Equal(Errno.None, _set.Begin(new Invalidation(range, InvalidationCause.Unmap), out InvalidationScope scope));
        return scope;
    }

    private static Deadline Now() => Clock.Monotonic.After(TimeSpan.Zero);
}
