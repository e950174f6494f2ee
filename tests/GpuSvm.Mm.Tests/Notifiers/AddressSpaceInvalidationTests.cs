namespace GpuSvm.Mm.Tests;

/// <summary>Which calls invalidate what, and when relative to the change.</summary>
public sealed class AddressSpaceInvalidationTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void Mirrors_hear_of_unmap_protect_and_exit_before_the_table_changes_and_frames_are_free_before_the_end()
    {
        using var m = new TestMachine();
        var log = new List<string>();
        var notifier = new TableWatcher(m, Base, log);
        m.Mm.Notifiers.AddPlain(notifier);
        m.MapAt(Base, 2);
        m.Thread.Store(Base, 1);
        m.Thread.Store(Base + Size, 1);
        m.Protect(Base, 1, Protection.Read);
        m.Unmap(Base, 1);
        m.MapAt(Base, 1, Protection.Read);
        m.Unmap(0x40000, 1);
        m.Protect(Base, 1, Protection.Read);
        m.Mm.Exit();
        Assert.Equal(
            [
                "start [0x10000, 0x11000) ProtectionVma ReadWrite 2", "end [0x10000, 0x11000) ProtectionVma Read 2",
                "start [0x10000, 0x11000) Unmap Read 2", "end [0x10000, 0x11000) Unmap None 1",
                "start [0x0, 0xffffffffffffffff) Release None 1", "end [0x0, 0xffffffffffffffff) Release None 0",
            ],
            log);
    }

    [Fact]
    public void A_fixed_mapping_invalidates_only_where_it_replaces()
    {
        using var m = new TestMachine();
        var log = new RecordingPlainNotifier("p", []);
        m.Mm.Notifiers.AddPlain(log);
        m.MapAt(Base, 1);
        Assert.Empty(log.Log);
        m.MapAt(Base, 2);
        Assert.Equal(["p start [0x10000, 0x12000) Unmap", "p end [0x10000, 0x12000) Unmap"], log.Log);
    }

    [Fact]
    public void Failing_calls_invalidate_nothing()
    {
        using var m = new TestMachine(options: new AddressSpaceOptions { VmaLimit = 1 });
        var log = new RecordingPlainNotifier("p", []);
        m.Mm.Notifiers.AddPlain(log);
        m.MapAt(Base, 3);
        Assert.Equal(Errno.ENOMEM, m.Unmap(Base + Size, 1));
        Assert.Equal(Errno.ENOMEM, m.Protect(Base + Size, 1, Protection.Read));
        Assert.Equal(Errno.ENOMEM, m.Protect(Base, 4, Protection.Read));
        Assert.Equal(Errno.EINVAL, m.Unmap(Base + 1, 1));
        Assert.Equal(Errno.EEXIST, m.MapAt(Base, 1, placement: MapPlacement.FixedNoReplace));
        Assert.Empty(log.Log);
    }

    [Fact]
    public void After_exit_a_notifier_can_be_removed_but_not_inserted()
    {
        using var m = new TestMachine();
        var mirror = new RecordingMirror("a");
        var notifier = new IntervalNotifier(mirror);
        Assert.Equal(Errno.None, m.Mm.Notifiers.Insert(notifier, AddressRange.FromLength(Base, Size)));
        m.Mm.Exit();
        Assert.Equal(["a [0x0, 0xffffffffffffffff) Release"], mirror.Log);
        m.Mm.Notifiers.Remove(notifier);
        Assert.Equal(Errno.EINVAL, m.Mm.Notifiers.Insert(notifier, AddressRange.FromLength(Base, Size)));
        Assert.False(notifier.IsInserted);
        Assert.Equal(Errno.EINVAL, m.Mm.Notifiers.Insert(notifier, AddressRange.FromLength(Base, Size)));
        Assert.Equal(0, m.Mm.Notifiers.Count);
    }

    private sealed class TableWatcher(TestMachine m, ulong address, List<string> log) : IAddressSpaceNotifier
    {
        public bool InvalidateStart(in Invalidation invalidation)
        {
            Note("start", invalidation);
            return true;
        }

        public void InvalidateEnd(in Invalidation invalidation) => Note("end", invalidation);

        private void Note(string what, in Invalidation invalidation) =>
            log.Add($"{what} {invalidation.Range} {invalidation.Cause} {m.Mm.PageTable.Read(address).Rights} {m.Frames.AllocatedFrames}");
    }
}
