namespace GpuSvm.Mm.Tests;

/// <summary>Pages whose bytes stay as they are, for who reads a duplicate of them, until somebody writes.</summary>
public sealed class ReadDuplicateTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void A_page_that_may_be_written_loses_that_inside_an_invalidation_and_its_frame_is_marked()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        using var told = new Told(m);
        FrameNumber frame = Begin(m, Base + 8);

        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal((frame, true, false, FrameFlags.Duplicated), (pte.Frame, pte.IsPresent, pte.IsWritable, MarkOf(m, frame)));
        Assert.Equal((2, 1), (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame)));
        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.ProtectionPage)], told.Log);
        m.Frames.Put(frame);

        // Once it may not be written nobody needs to hear of it again.
        m.Frames.Put(Begin(m, Base));
        Assert.Single(told.Log);
        Assert.Equal(42UL, m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void A_write_opens_an_invalidation_takes_the_mark_and_goes_on_in_the_same_frame()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        FrameNumber frame = Begin(m, Base);
        m.Frames.Put(frame);
        using var told = new Told(m);
        m.Thread.Store(Base, 43UL);

        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal((frame, true, FrameFlags.None), (pte.Frame, pte.IsWritable, MarkOf(m, frame)));
        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Clear)], told.Log);
        m.Thread.Store(Base, 44UL);
        Assert.Single(told.Log);
    }

    [Fact]
    public void A_page_that_is_only_read_gets_write_access_without_an_invalidation_when_it_has_no_mark()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        Assert.Equal(Errno.None, m.Mm.WriteProtect(Base, Size));
        using var told = new Told(m);
        m.Thread.Store(Base, 43UL);
        Assert.Empty(told.Log);
    }

    [Fact]
    public void A_child_that_writes_gets_a_copy_which_is_not_heard_and_the_last_who_has_the_page_is()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        TestProcess child = m.Fork();
        FrameNumber frame = Begin(m, Base);
        m.Frames.Put(frame);
        using var told = new Told(m);
        child.Thread.Store(Base, 50UL);
        Assert.Empty(told.Log);
        Assert.Equal((42UL, FrameFlags.Duplicated), (BitConverter.ToUInt64(m.Memory.Frame(frame)), MarkOf(m, frame)));

        // The last who has it reuses it, and is heard.
        m.Thread.Store(Base, 60UL);
        Assert.Equal(InvalidationCause.Clear, Assert.Single(told.Log).Cause);
        Assert.Equal((frame, FrameFlags.None), (m.Mm.PageTable.Read(Base).Frame, MarkOf(m, frame)));
    }

    [Fact]
    public void A_page_that_somebody_pins_while_its_duplicates_end_is_copied_for_who_writes()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        m.Fork().Thread.Store(Base, 50UL);
        FrameNumber frame = Begin(m, Base);
        m.Frames.Put(frame);
        var pins = new Pins(m.Frames, frame);
        m.Mm.Notifiers.AddPlain(pins);
        m.Thread.Store(Base, 43UL);
        m.Mm.Notifiers.RemovePlain(pins);
        Assert.NotEqual(frame, m.Mm.PageTable.Read(Base).Frame);
        Assert.Equal((42UL, 43UL), (BitConverter.ToUInt64(m.Memory.Frame(frame)), m.Thread.Load<ulong>(Base)));
        m.Frames.Put(frame);
    }

    [Fact]
    public void A_page_that_was_moved_has_no_mark_and_may_be_written_after_a_fault()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        m.Frames.Put(Begin(m, Base));
        var migration = new MigrateVma(m.Mm, 1);
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, migration.Setup(AddressRange.PageAt(Base), null));
        }

        Assert.Equal(Errno.None, m.Frames.TryAllocate(out FrameNumber frame));
        m.Frames.Copy(migration.Source[0].Frame, frame);
        migration.Destination[0] = MigratePfn.Of(frame);
        migration.MigratePages();
        Assert.Equal(1, migration.Complete());
        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal((frame, false, FrameFlags.None), (pte.Frame, pte.IsWritable, MarkOf(m, frame)));
        m.Thread.Store(Base, 43UL);
        Assert.Equal(43UL, m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void What_cannot_be_kept_as_it_is_is_refused_and_changes_nothing()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 3);
        Assert.Equal(Errno.EFAULT, TryBegin(m, Base - Size));
        Assert.Equal(Errno.ENOENT, TryBegin(m, Base));
        Assert.Equal(0UL, m.Thread.Load<ulong>(Base));
        Assert.Equal(Errno.EOPNOTSUPP, TryBegin(m, Base));
        Assert.Equal(Errno.ENOENT, TryBegin(m, Base + Size));
        m.Thread.Store(Base + (2 * Size), 1UL);
        Assert.Equal(Errno.None, m.Mm.Protect(Base + (2 * Size), Size, Protection.None));
        Assert.Equal(Errno.EFAULT, TryBegin(m, Base + (2 * Size)));

        Assert.Equal(Errno.None, m.Mm.MapShared(0x100000, Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        m.Thread.Store(0x100000, 1UL);
        Assert.Equal(Errno.EOPNOTSUPP, TryBegin(m, 0x100000));
        Assert.True(m.Mm.PageTable.Read(0x100000).IsWritable);
    }

    [Fact]
    public void A_pinned_page_and_one_that_a_device_has_alone_are_busy()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        m.Thread.Store(Base, 1UL);
        m.Thread.Store(Base + Size, 1UL);
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, m.Mm.TryPin(Base, CpuAccess.Write, out FrameNumber pinned));
            Assert.Equal(Errno.EBUSY, ReadDuplicate.TryBegin(m.Mm, Base, out _));
            Assert.True(m.Mm.PageTable.Read(Base).IsWritable);
            m.Frames.Put(pinned);
            Assert.Equal(Errno.None, DeviceExclusive.TryMake(m.Mm, Base + Size, null, out FrameNumber alone));
            Assert.Equal(Errno.EBUSY, ReadDuplicate.TryBegin(m.Mm, Base + Size, out _));
            m.Frames.Unlock(alone);
            m.Frames.Put(alone);
        }
    }

    [Fact]
    public void A_huge_page_is_split_and_the_huge_zero_page_left_alone()
    {
        using var m = new TestMachine();
        ulong at = HugePage.Size;
        m.MapAt(at, 2 * HugePage.PageCount);
        Assert.Equal(Errno.None, m.Mm.Advise(at, 2 * HugePage.Size, Advice.HugePage));
        m.Thread.Store(at, 1UL);
        Assert.Equal(0UL, m.Thread.Load<ulong>(at + HugePage.Size));
        Assert.Equal((true, true), (m.Mm.PageTable.Read(at).IsHuge, m.Mm.PageTable.Read(at + HugePage.Size).IsHuge));
        m.Frames.Put(Begin(m, at + (3 * Size)));
        CpuPte pte = m.Mm.PageTable.Read(at + (3 * Size));
        Assert.Equal((false, false, true), (pte.IsHuge, pte.IsWritable, m.Mm.PageTable.Read(at).IsWritable));
        Assert.Equal(Errno.EOPNOTSUPP, TryBegin(m, at + HugePage.Size));
        Assert.True(m.Mm.PageTable.Read(at + HugePage.Size).IsHuge);
    }

    private static FrameNumber Begin(TestMachine m, VirtualAddress address)
    {
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, ReadDuplicate.TryBegin(m.Mm, address, out FrameNumber frame));
            return frame;
        }
    }

    private static Errno TryBegin(TestMachine m, VirtualAddress address)
    {
        using (m.Mm.MmapLock.EnterShared())
        {
            return ReadDuplicate.TryBegin(m.Mm, address, out _);
        }
    }

    private static FrameFlags MarkOf(TestMachine m, FrameNumber frame) => m.Frames.FlagsOf(frame) & FrameFlags.Duplicated;

    /// <summary>Takes a reference of a frame in the first invalidation.</summary>
    private sealed class Pins(PageFrames frames, FrameNumber frame) : IAddressSpaceNotifier
    {
        private bool _hasPinned;

        public bool InvalidateStart(in Invalidation invalidation)
        {
            if (!_hasPinned)
            {
                frames.Get(frame);
                _hasPinned = true;
            }

            return true;
        }

        public void InvalidateEnd(in Invalidation invalidation)
        {
        }
    }

    /// <summary>Hears of invalidations for as long as it lives.</summary>
    private sealed class Told : IDisposable
    {
        private readonly OwnerNotifier _notifier = new();
        private readonly TestMachine _m;

        public Told(TestMachine m)
        {
            _m = m;
            m.Mm.Notifiers.AddPlain(_notifier);
        }

        public IEnumerable<Invalidation> Log => _notifier.Log;

        public void Dispose() => _m.Mm.Notifiers.RemovePlain(_notifier);
    }
}
