namespace GpuSvm.Mm.Tests;

public sealed class NotifierOrderTests
{
    private static readonly AddressRange All = new(0x1000UL, 0x9000UL);
    private readonly IntervalNotifiers _set = new();
    private readonly List<string> _log = [];

    [Fact]
    public void Intervals_are_told_in_order_of_address_and_plain_notifiers_after_all_of_them()
    {
        RecordingMirror high = Insert("high", 0x5000, 0x6000);
        Insert("low", 0x1000, 0x6000);
        Insert("outside", 0x9000, 0xa000);
        var first = new RecordingPlainNotifier("first", _log);
        _set.AddPlain(first);
        _set.AddPlain(new RecordingPlainNotifier("second", _log));
        Assert.Throws<InvalidOperationException>(() => _set.AddPlain(first));

        Assert.Equal(Errno.None, Begin(InvalidationBlocking.Blockable, out InvalidationScope scope));
        _log.Add("the change");
        scope.Dispose();
        Assert.Equal(
            [
                "low [0x1000, 0x9000) Migrate", "high [0x1000, 0x9000) Migrate",
                "first start [0x1000, 0x9000) Migrate", "second start [0x1000, 0x9000) Migrate",
                "the change",
                "first end [0x1000, 0x9000) Migrate", "second end [0x1000, 0x9000) Migrate",
            ],
            _log);
        Assert.False(high.UpdateLock.IsHeldByCurrentThread);
    }

    [Fact]
    public void An_invalidation_that_may_not_wait_is_refused_by_a_busy_update_lock_and_leaves_nothing_open()
    {
        RecordingMirror free = Insert("free", 0x1000, 0x2000);
        RecordingMirror busy = Insert("busy", 0x3000, 0x4000);
        using var held = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        SvmThread holder = SvmThread.Start("holder", () =>
        {
            using (busy.UpdateLock.Enter())
            {
                held.Set();
                goOn.Wait();
            }
        });
        held.Wait();

        Assert.Equal(Errno.EAGAIN, Begin(InvalidationBlocking.NonBlockable, out InvalidationScope scope));
        scope.Dispose();
        Assert.Equal((4L, 0), (_set.Sequence, _set.ActiveInvalidations));
        Assert.Equal(["free [0x1000, 0x9000) Migrate"], _log);
        goOn.Set();
        holder.Join();

        Assert.Equal(Errno.None, Begin(InvalidationBlocking.NonBlockable, out scope));
        Assert.Equal((5L, 1), (_set.Sequence, _set.ActiveInvalidations));
        scope.Dispose();
        Assert.Equal(3, _log.Count);
        Assert.False(free.UpdateLock.IsHeldByCurrentThread);
    }

    [Fact]
    public void A_mirror_may_refuse_an_invalidation_that_may_not_wait_and_only_such_a_one()
    {
        Insert("a", 0x1000, 0x2000).Refuses = true;
        Assert.Equal(Errno.EAGAIN, Begin(InvalidationBlocking.NonBlockable, out _));
        Assert.Equal((4L, 0), (_set.Sequence, _set.ActiveInvalidations));
        Assert.Throws<InvariantException>(() => Begin(InvalidationBlocking.Blockable, out _));
    }

    [Fact]
    public void When_a_plain_notifier_refuses_those_before_it_hear_the_end()
    {
        Insert("a", 0x1000, 0x2000);
        _set.AddPlain(new RecordingPlainNotifier("first", _log));
        _set.AddPlain(new RecordingPlainNotifier("second", _log) { Refuses = true });
        _set.AddPlain(new RecordingPlainNotifier("third", _log));
        Assert.Equal(Errno.EAGAIN, Begin(InvalidationBlocking.NonBlockable, out _));
        Assert.Equal((4L, 0), (_set.Sequence, _set.ActiveInvalidations));
        Assert.Equal(
            [
                "a [0x1000, 0x9000) Migrate", "first start [0x1000, 0x9000) Migrate", "second start [0x1000, 0x9000) Migrate",
                "first end [0x1000, 0x9000) Migrate",
            ],
            _log);
    }

    [Fact]
    public void The_sequence_is_set_before_the_mirror_is_told_and_the_owner_passes_through()
    {
        var owner = new object();
        long seen = 0;
        var mirror = new RecordingMirror("a") { Then = n => seen = n.Sequence };
        var notifier = new IntervalNotifier(mirror) { Tag = "tag" };
        _set.Insert(notifier, All);
        _set.Begin(new Invalidation(All, InvalidationCause.Exclusive, owner), out InvalidationScope scope);
        scope.Dispose();
        Assert.Equal((3L, "tag"), (seen, notifier.Tag));
    }

    [Fact]
    public void A_device_that_gets_pages_for_itself_is_passed_over_with_its_sequence_and_others_are_told()
    {
        var device = new object();
        var own = new IntervalNotifier(new RecordingMirror("own", _log) { Owner = device });
        _set.Insert(own, All);
        Insert("other", 0x2000, 0x3000);
        long before = own.Sequence;

        _set.Begin(new Invalidation(All, InvalidationCause.Exclusive, device), out InvalidationScope first);
        first.Dispose();
        Assert.Equal((before, 1), (own.Sequence, _log.Count));

        _set.Begin(new Invalidation(All, InvalidationCause.Exclusive, new object()), out InvalidationScope second);
        second.Dispose();
        _set.Begin(new Invalidation(All, InvalidationCause.Migrate, device), out InvalidationScope third);
        third.Dispose();
        Assert.NotEqual(before, own.Sequence);
        Assert.Equal(
            [
                "other [0x1000, 0x9000) Exclusive", "own [0x1000, 0x9000) Exclusive", "other [0x1000, 0x9000) Exclusive",
                "own [0x1000, 0x9000) Migrate", "other [0x1000, 0x9000) Migrate",
            ],
            _log);
    }

    [Fact]
    public void No_page_table_lock_may_be_held_when_an_invalidation_is_opened()
    {
        var leaf = new RankedLock(LockRank.CpuPageTable);
        using (leaf.Enter())
        {
            Assert.Throws<InvariantException>(() => Begin(InvalidationBlocking.Blockable, out _));
        }
    }

    private RecordingMirror Insert(string name, ulong start, ulong end)
    {
        var mirror = new RecordingMirror(name, _log);
        Assert.Equal(Errno.None, _set.Insert(new IntervalNotifier(mirror), new AddressRange(start, end)));
        return mirror;
    }

    private Errno Begin(InvalidationBlocking blocking, out InvalidationScope scope) =>
        _set.Begin(new Invalidation(All, InvalidationCause.Migrate, this, blocking), out scope);
}
