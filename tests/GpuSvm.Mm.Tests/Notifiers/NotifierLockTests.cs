namespace GpuSvm.Mm.Tests;

/// <summary>Which locks a caller must hold, or must not; told even where nobody is there to wait for.</summary>
public sealed class NotifierLockTests
{
    private static readonly AddressRange Range = new(0x1000UL, 0x3000UL);
    private readonly IntervalNotifiers _set = new();
    private readonly IntervalNotifier _notifier = new(new RecordingMirror("a"));
    private readonly RecordingPlainNotifier _plain = new("b", []);

    public NotifierLockTests()
    {
        _set.Insert(_notifier, Range);
        _set.AddPlain(_plain);
    }

    [Fact]
    public void Read_retry_answers_under_the_update_lock_only() =>
        Assert.Throws<InvariantException>(() => _notifier.ReadRetry(1));

    [Fact]
    public void An_invalidation_is_not_opened_under_a_lock_of_the_page_table_or_below()
    {
        Assert.Throws<InvariantException>(() => Under(LockRank.CpuPageTable, Invalidate));
        Under(LockRank.ReverseMap, Invalidate);
    }

    [Fact]
    public void A_read_is_not_begun_under_a_page_lock_or_below()
    {
        Assert.Throws<InvariantException>(() => Under(LockRank.Page, Read));
        Under(LockRank.Mmap, Read);
    }

    [Fact]
    public void Nothing_is_removed_and_no_change_waited_for_under_a_page_lock_or_below()
    {
        foreach (Action wait in (Action[])[() => _set.Remove(_notifier), () => _set.RemovePlain(_plain), _set.Synchronize])
        {
            Assert.Throws<InvariantException>(() => Under(LockRank.Page, wait));
            Under(LockRank.Mmap, wait);
        }
    }

    private static void Under(LockRank rank, Action action)
    {
        using (new RankedLock(rank).Enter())
        {
            action();
        }
    }

    private void Invalidate()
    {
        _set.Begin(new Invalidation(new AddressRange(0x8000UL, 0x9000UL), InvalidationCause.Unmap), out InvalidationScope scope);
        scope.Dispose();
    }

    private void Read() => Assert.True(_notifier.TryReadBegin(Clock.Monotonic.After(Deadline.Default), out _));
}
