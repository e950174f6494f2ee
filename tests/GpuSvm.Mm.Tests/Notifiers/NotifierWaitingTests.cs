namespace GpuSvm.Mm.Tests;

/// <summary>Who waits for whom, with real threads; nothing here depends on how fast they are.</summary>
public sealed class NotifierWaitingTests
{
    private static readonly AddressRange Low = new(0x1000UL, 0x3000UL);
    private static readonly AddressRange High = new(0x8000UL, 0x9000UL);
    private readonly IntervalNotifiers _set = new();
    private readonly RecordingMirror _mirror = new("a");
    private readonly IntervalNotifier _notifier;

    public NotifierWaitingTests()
    {
        _notifier = new IntervalNotifier(_mirror);
        _set.Insert(_notifier, Low);
    }

    [Fact]
    public void A_read_waits_for_the_end_of_the_invalidation_that_reached_it()
    {
        long begun = 0;
        InvalidationScope scope = Begin(Low);
        SvmThread reader = SvmThread.Start("reader", () =>
        {
            Assert.True(_notifier.TryReadBegin(Clock.Monotonic.After(TimeSpan.FromMinutes(1)), out long sequence));
            Assert.Equal((3, 4), (sequence, _set.Sequence));
            Volatile.Write(ref begun, 1);
        });
        Assert.Equal(0, Volatile.Read(ref begun));
        scope.Dispose();
        reader.Join();
        Assert.Equal(1, begun);
    }

    [Fact]
    public void A_read_gives_up_when_its_deadline_passes_on_the_clock_that_it_was_given()
    {
        var clock = new ManualClock();
        Deadline deadline = clock.After(Deadline.Default);
        InvalidationScope scope = Begin(Low);
        bool begun = true;
        SvmThread reader = SvmThread.Start("reader", () => begun = _notifier.TryReadBegin(deadline, out _));
        clock.Advance(Deadline.Default);
        reader.Join();
        Assert.False(begun);
        scope.Dispose();
        Assert.True(_notifier.TryReadBegin(deadline, out _));
    }

    [Fact]
    public void Removal_waits_until_no_callback_runs_and_none_comes_after()
    {
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _mirror.Then = _ =>
        {
            inside.Set();
            goOn.Wait();
        };
        SvmThread invalidator = SvmThread.Start("invalidator", () => Begin(Low).Dispose());
        inside.Wait();
        long removed = 0;
        SvmThread remover = SvmThread.Start("remover", () =>
        {
            _set.Remove(_notifier);
            Volatile.Write(ref removed, 1);
        });
        Assert.Equal(0, Volatile.Read(ref removed));
        goOn.Set();
        remover.Join();
        invalidator.Join();
        Assert.Equal((1L, 0, 4L), (removed, _set.Count, _set.Sequence));
        Begin(Low).Dispose();
        Assert.Single(_mirror.Log);
        Assert.Equal(Errno.None, _set.Insert(_notifier, Low));
    }

    [Fact]
    public void Removal_of_a_notifier_that_was_not_reached_waits_too_since_the_set_is_frozen()
    {
        var other = new IntervalNotifier(new RecordingMirror("b"));
        _set.Insert(other, High);
        InvalidationScope scope = Begin(High);
        SvmThread remover = SvmThread.Start("remover", () => _set.Remove(_notifier));
        Assert.Equal(2, _set.Count);
        scope.Dispose();
        remover.Join();
        Assert.Equal(1, _set.Count);
    }

    [Fact]
    public void A_second_removal_while_the_first_one_waits_is_misuse_and_does_no_harm()
    {
        InvalidationScope scope = Begin(Low);
        int refused = 0;
        using var refusal = new ManualResetEventSlim();
        void Remove()
        {
            try
            {
                _set.Remove(_notifier);
            }
            catch (InvalidOperationException)
            {
                // Only one of the two waits; whichever is refused lets the invalidation end.
                Interlocked.Increment(ref refused);
                refusal.Set();
            }
        }

        SvmThread first = SvmThread.Start("first", Remove);
        SvmThread second = SvmThread.Start("second", Remove);
        Assert.True(refusal.Wait(TimeSpan.FromSeconds(20)));
        scope.Dispose();
        first.Join();
        second.Join();
        Assert.Equal((1, 0), (refused, _set.Count));
    }

    [Fact]
    public void Waiting_inside_a_callback_is_a_broken_invariant()
    {
        foreach (Action<IntervalNotifier> wait in new Action<IntervalNotifier>[]
        {
            n => _set.Remove(n),
            n => n.TryReadBegin(Clock.Monotonic.After(TimeSpan.Zero), out _),
            _ => Begin(High).Dispose(),
        })
        {
            var set = new IntervalNotifiers();
            _mirror.Then = wait;
            Assert.Throws<InvariantException>(() => Begin(Low).Dispose());
            _mirror.Then = null;
        }
    }

    [Fact]
    public void A_plain_callback_must_not_wait_or_call_back_either()
    {
        var plain = new CallbackNotifier(() => _set.Remove(_notifier));
        _set.AddPlain(plain);
        Assert.Throws<InvariantException>(() => Begin(High).Dispose());
    }

    [Fact]
    public void Removal_of_a_plain_notifier_waits_for_its_callback()
    {
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var plain = new CallbackNotifier(() =>
        {
            inside.Set();
            goOn.Wait();
        });
        _set.AddPlain(plain);
        SvmThread invalidator = SvmThread.Start("invalidator", () => Begin(High).Dispose());
        inside.Wait();
        long removed = 0;
        SvmThread remover = SvmThread.Start("remover", () =>
        {
            _set.RemovePlain(plain);
            Volatile.Write(ref removed, 1);
        });
        Assert.Equal(0, Volatile.Read(ref removed));
        goOn.Set();
        remover.Join();
        invalidator.Join();
        Begin(High).Dispose();
        Assert.Equal(1, plain.Starts);
        Assert.Throws<InvalidOperationException>(() => _set.RemovePlain(plain));
    }

    private InvalidationScope Begin(AddressRange range)
    {
        Assert.Equal(Errno.None, _set.Begin(new Invalidation(range, InvalidationCause.Unmap), out InvalidationScope scope));
        return scope;
    }

    private sealed class CallbackNotifier(Action start) : IAddressSpaceNotifier
    {
        public int Starts { get; private set; }

        public bool InvalidateStart(in Invalidation invalidation)
        {
            Starts++;
            start();
            return true;
        }

        public void InvalidateEnd(in Invalidation invalidation)
        {
        }
    }
}
