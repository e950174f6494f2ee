namespace GpuSvm.Mm.Tests;

/// <summary>The states idle, partially excluded and fully excluded, step by step: (sequence, running, intervals, own sequence).</summary>
public sealed class NotifierStateTests
{
    private static readonly AddressRange Low = new(0x1000UL, 0x3000UL);
    private static readonly AddressRange High = new(0x8000UL, 0x9000UL);
    private readonly IntervalNotifiers _set = new();
    private readonly RecordingMirror _mirror = new("a");
    private readonly IntervalNotifier _notifier;

    public NotifierStateTests() => _notifier = new IntervalNotifier(_mirror);

    private (long Sequence, int Active, int Count, long Own) State =>
        (_set.Sequence, _set.ActiveInvalidations, _set.Count, _notifier.Sequence);

    [Fact]
    public void Inserted_while_idle_a_notifier_starts_one_below_the_sequence()
    {
        Assert.Equal((2, 0, 0, 0), State);
        Assert.Equal(Errno.None, _set.Insert(_notifier, Low));
        Assert.Equal((2, 0, 1, 1), State);
        Assert.True(_notifier.TryReadBegin(Now(), out long sequence));
        Assert.Equal(1, sequence);
        Assert.False(Retry(sequence));
    }

    [Fact]
    public void An_invalidation_that_reaches_nobody_leaves_the_sequence_even()
    {
        _set.Insert(_notifier, Low);
        InvalidationScope scope = Begin(High);
        Assert.Equal((2, 1, 1, 1), State);
        scope.Dispose();
        Assert.Equal((2, 0, 1, 1), State);
        Assert.Empty(_mirror.Log);
    }

    [Fact]
    public void An_invalidation_that_reaches_a_notifier_makes_the_sequence_odd_until_it_ends()
    {
        _set.Insert(_notifier, Low);
        Assert.True(_notifier.TryReadBegin(Now(), out long before));
        InvalidationScope scope = Begin(new AddressRange(0x2fffUL, 0x5000UL));
        Assert.Equal((3, 1, 1, 3), State);
        Assert.True(_notifier.CheckRetry(before));
        Assert.False(_notifier.TryReadBegin(Now(), out long during));
        Assert.Equal(3, during);
        scope.Dispose();
        Assert.Equal((4, 0, 1, 3), State);
        Assert.True(Retry(before));
        Assert.True(_notifier.TryReadBegin(Now(), out long after));
        Assert.Equal(3, after);
        Assert.False(Retry(after));
        scope.Dispose();
        Assert.Equal((4, 0, 1, 3), State);
        Assert.Equal(["a [0x2fff, 0x5000) Unmap"], _mirror.Log);
    }

    [Fact]
    public void Touching_ranges_do_not_reach_each_other()
    {
        _set.Insert(_notifier, Low);
        Begin(new AddressRange(0UL, 0x1000UL)).Dispose();
        Begin(new AddressRange(0x3000UL, 0x4000UL)).Dispose();
        Assert.Equal((2, 0, 1, 1), State);
    }

    [Fact]
    public void Nested_and_parallel_invalidations_share_one_odd_sequence()
    {
        var other = new IntervalNotifier(new RecordingMirror("b"));
        _set.Insert(_notifier, Low);
        _set.Insert(other, High);
        InvalidationScope first = Begin(Low);
        InvalidationScope second = Begin(High);
        InvalidationScope third = Begin(Low);
        Assert.Equal((3, 3, 2, 3), State);
        Assert.Equal(3, other.Sequence);

        first.Dispose();
        third.Dispose();
        Assert.Equal((3, 1, 2, 3), State);
        Assert.False(_notifier.TryReadBegin(Now(), out _));

        second.Dispose();
        Assert.Equal((4, 0, 2, 3), State);
        Assert.True(_notifier.TryReadBegin(Now(), out _));
    }

    [Fact]
    public void A_notifier_that_was_not_reached_does_not_wait_though_the_sequence_is_odd()
    {
        var other = new IntervalNotifier(new RecordingMirror("b"));
        _set.Insert(_notifier, Low);
        _set.Insert(other, High);
        InvalidationScope scope = Begin(High);
        Assert.Equal(3, _set.Sequence);
        Assert.True(_notifier.TryReadBegin(Now(), out long sequence));
        Assert.Equal(1, sequence);
        Assert.False(Retry(sequence));
        scope.Dispose();
    }

    [Fact]
    public void Inserted_while_partially_excluded_a_notifier_makes_the_sequence_odd_and_counts_as_reached()
    {
        InvalidationScope scope = Begin(Low);
        Assert.Equal((2, 1, 0, 0), State);
        Assert.Equal(Errno.None, _set.Insert(_notifier, High));
        Assert.Equal((3, 1, 1, 3), State);
        Assert.False(_notifier.TryReadBegin(Now(), out _));
        scope.Dispose();
        Assert.Equal((4, 0, 1, 3), State);
        Assert.True(_notifier.TryReadBegin(Now(), out _));
        Assert.Empty(_mirror.Log);
    }

    [Fact]
    public void Inserted_while_fully_excluded_a_notifier_enters_when_the_last_invalidation_ends()
    {
        var other = new IntervalNotifier(new RecordingMirror("b"));
        _set.Insert(other, Low);
        InvalidationScope first = Begin(Low);
        InvalidationScope second = Begin(High);
        Assert.Equal(Errno.None, _set.Insert(_notifier, Low));
        Assert.Equal((3, 2, 1, 3), State);

        InvalidationScope third = Begin(Low);
        Assert.Empty(_mirror.Log);
        third.Dispose();
        first.Dispose();
        Assert.Equal((3, 1, 1, 3), State);
        second.Dispose();
        Assert.Equal((4, 0, 2, 3), State);

        Begin(Low).Dispose();
        Assert.Equal(["a [0x1000, 0x3000) Unmap"], _mirror.Log);
        Assert.Equal((6, 0, 2, 5), State);
    }

    [Fact]
    public void An_insertion_that_is_put_off_can_be_taken_back_without_waiting()
    {
        var other = new IntervalNotifier(new RecordingMirror("b"));
        _set.Insert(other, Low);
        InvalidationScope scope = Begin(Low);
        _set.Insert(_notifier, Low);
        _set.Remove(_notifier);
        _set.Insert(_notifier, High);
        scope.Dispose();
        Assert.Equal((4, 0, 2, 3), State);
        Begin(High).Dispose();
        Assert.Equal(["a [0x8000, 0x9000) Unmap"], _mirror.Log);
    }

    [Fact]
    public void A_callback_that_throws_ends_its_invalidation()
    {
        List<string> log = [];
        var before = new RecordingPlainNotifier("p", log);
        var throwing = new RecordingPlainNotifier("q", log) { Then = () => throw new TimeoutException() };
        _set.Insert(_notifier, Low);
        _set.AddPlain(before);
        _mirror.Then = _ => throw new TimeoutException();
        Assert.Throws<TimeoutException>(() => Begin(Low).Dispose());
        Assert.Equal((4, 0, 1, 3), State);
        Assert.Empty(log);

        _mirror.Then = null;
        _set.AddPlain(throwing);
        Assert.Throws<TimeoutException>(() => Begin(Low).Dispose());
        Assert.Equal((6, 0, 1, 5), State);
        Assert.Equal(["p start [0x1000, 0x3000) Unmap", "q start [0x1000, 0x3000) Unmap", "p end [0x1000, 0x3000) Unmap"], log);
        Assert.True(_notifier.TryReadBegin(Now(), out _));
        _set.Remove(_notifier);
        _set.RemovePlain(throwing);
        _set.RemovePlain(before);
    }

    [Fact]
    public void A_notifier_can_be_removed_and_inserted_elsewhere()
    {
        _set.Insert(_notifier, Low);
        _set.Remove(_notifier);
        Assert.Equal((2, 0, 0, 1), State);
        Begin(Low).Dispose();
        _set.Insert(_notifier, High);
        Begin(Low).Dispose();
        Assert.Empty(_mirror.Log);
        Begin(High).Dispose();
        Assert.Single(_mirror.Log);
        Assert.Equal(High, _notifier.Range);
    }

    [Fact]
    public void Inserting_reading_and_removing_again_allocates_nothing()
    {
        Deadline now = Now();
        Cycle(now);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Cycle(now);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Equal(Errno.EOVERFLOW, _set.Insert(_notifier, new AddressRange(0x1000UL, 0x1000UL)));
        Assert.Throws<InvalidOperationException>(() => _set.Remove(_notifier));
        Assert.Throws<InvalidOperationException>(() => _notifier.TryReadBegin(Now(), out _));
        _set.Insert(_notifier, Low);
        Assert.Throws<InvalidOperationException>(() => _set.Insert(_notifier, High));
        Assert.Throws<InvalidOperationException>(() => new IntervalNotifiers().Remove(_notifier));
    }

    /// <summary>Insert, invalidate elsewhere, put an insertion off, read, remove.</summary>
    private void Cycle(Deadline now)
    {
        var invalidation = new Invalidation(High, InvalidationCause.Unmap);
        _set.Insert(_notifier, Low);
        _set.Begin(invalidation, out InvalidationScope scope);
        scope.Dispose();
        _notifier.TryReadBegin(now, out _);
        _set.Remove(_notifier);
        _set.Begin(invalidation, out scope);
        _set.Insert(_notifier, High);
        scope.Dispose();
        _set.Remove(_notifier);
    }

    private static Deadline Now() => new ManualClock().After(TimeSpan.Zero);

    private InvalidationScope Begin(AddressRange range)
    {
        Assert.Equal(Errno.None, _set.Begin(new Invalidation(range, InvalidationCause.Unmap), out InvalidationScope scope));
        return scope;
    }

    private bool Retry(long sequence)
    {
        using (_mirror.UpdateLock.Enter())
        {
            return _notifier.ReadRetry(sequence);
        }
    }
}
