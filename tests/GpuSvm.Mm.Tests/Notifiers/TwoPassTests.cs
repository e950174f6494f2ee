namespace GpuSvm.Mm.Tests;

/// <summary>Mirrors that start a flush when they are told, and are waited for together.</summary>
public sealed class TwoPassTests
{
    private static readonly AddressRange All = new(0x1000UL, 0x9000UL);
    private readonly IntervalNotifiers _set = new();
    private readonly List<string> _log = [];

    [Fact]
    public void All_mirrors_start_before_one_is_waited_for_and_the_plain_notifiers_come_after_that()
    {
        Insert("a", 0x1000, 0x2000);
        Insert("b", 0x2000, 0x3000);
        Assert.Equal(Errno.None, _set.Insert(new IntervalNotifier(new RecordingMirror("one pass", _log)), new AddressRange(0x3000UL, 0x4000UL)));
        Insert("outside", 0x9000, 0xa000);
        _set.AddPlain(new RecordingPlainNotifier("plain", _log));

        Assert.Equal(Errno.None, Begin(InvalidationBlocking.Blockable, out InvalidationScope scope));

        Assert.Equal(["a starts", "b starts", "one pass [0x1000, 0x9000) Migrate", "a finishes", "b finishes", "plain start [0x1000, 0x9000) Migrate"], _log);
        scope.Dispose();
        Assert.Equal("plain end [0x1000, 0x9000) Migrate", _log[^1]);
        Assert.Equal(7, _log.Count);
    }

    [Fact]
    public void Those_that_have_started_are_waited_for_when_another_refuses()
    {
        Insert("a", 0x1000, 0x2000);
        Insert("refuses", 0x2000, 0x3000).Refuses = true;
        Insert("never told", 0x3000, 0x4000);

        Assert.Equal(Errno.EAGAIN, Begin(InvalidationBlocking.NonBlockable, out _));

        Assert.Equal(["a starts", "refuses starts", "a finishes"], _log);
        Assert.Equal((4L, 0), (_set.Sequence, _set.ActiveInvalidations));
    }

    [Fact]
    public void Those_that_have_started_are_waited_for_when_another_throws()
    {
        Insert("a", 0x1000, 0x2000);
        Insert("throws", 0x2000, 0x3000).Throws = true;

        Assert.Throws<InvalidOperationException>(() => Begin(InvalidationBlocking.Blockable, out _));

        Assert.Equal(["a starts", "throws starts", "a finishes"], _log);
        Assert.Equal((4L, 0), (_set.Sequence, _set.ActiveInvalidations));
    }

    private TwoPassMirror Insert(string name, ulong start, ulong end)
    {
        var mirror = new TwoPassMirror(name, _log);
        Assert.Equal(Errno.None, _set.Insert(new IntervalNotifier(mirror), new AddressRange(start, end)));
        return mirror;
    }

    private Errno Begin(InvalidationBlocking blocking, out InvalidationScope scope) =>
        _set.Begin(new Invalidation(All, InvalidationCause.Migrate, this, blocking), out scope);

    private sealed class TwoPassMirror(string name, List<string> log) : ITwoPassMirror
    {
        public RankedLock UpdateLock { get; } = new(LockRank.Update);

        public bool Refuses { get; set; }

        public bool Throws { get; set; }

        public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
        {
            UpdateLock.AssertHeld();
            log.Add($"{name} starts");
            return Throws ? throw new InvalidOperationException(name) : !Refuses;
        }

        public void FinishInvalidation(IntervalNotifier notifier, in Invalidation invalidation)
        {
            Assert.False(UpdateLock.IsHeldByCurrentThread);
            log.Add($"{name} finishes");
        }
    }
}
