namespace GpuSvm.Mm.Tests;

/// <summary>Pages that a device has for itself, and how it loses them.</summary>
public sealed class DeviceExclusiveTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void The_CPU_loses_the_page_which_is_locked_and_has_a_reference_more()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        FrameNumber before = m.Mm.PageTable.Read(Base).Frame;

        FrameNumber frame = Take(m, Base + 8);

        Assert.Equal(before, frame);
        Assert.Equal(CpuPte.DeviceExclusive(frame, Protection.ReadWrite).Touched(CpuAccess.Write), m.Mm.PageTable.Read(Base));
        Assert.Equal((2, 1, true), (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame), m.Frames.IsLocked(frame)));
        Assert.True((m.Frames.FlagsOf(frame) & FrameFlags.Dirty) != 0);
        Give(m, frame);
        Assert.Equal((1, 1, false), (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame), m.Frames.IsLocked(frame)));
        Assert.Equal(0, HeldLocks.Count);
    }

    [Theory]
    [InlineData(CpuAccess.Read)]
    [InlineData(CpuAccess.Write)]
    public void A_touch_of_the_CPU_takes_it_back_and_every_mirror_is_told(CpuAccess access)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        FrameNumber frame = Take(m, Base);
        BitConverter.TryWriteBytes(m.Memory.Frame(frame), 7UL);
        Give(m, frame);
        var told = new OwnerNotifier();
        m.Mm.Notifiers.AddPlain(told);

        ulong value = access == CpuAccess.Read ? m.Thread.Load<ulong>(Base) : m.Thread.CompareExchange(Base, 7UL, 8UL);

        Assert.Equal(7UL, value);
        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Clear)], told.Log);
        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal((frame, true), (pte.Frame, pte.IsWritable));
        Assert.Equal((1, 1, false), (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame), m.Frames.IsLocked(frame)));
        m.Mm.Notifiers.RemovePlain(told);
    }

    [Fact]
    public void Mirrors_hear_of_it_with_the_owner()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1UL);
        object owner = new();
        var told = new OwnerNotifier();
        m.Mm.Notifiers.AddPlain(told);

        Give(m, Take(m, Base, owner));

        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Exclusive, owner)], told.Log);
        m.Mm.Notifiers.RemovePlain(told);
    }

    [Fact]
    public void Another_device_takes_it_from_the_first_whose_mirror_is_told()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        object first = new();
        object second = new();
        Give(m, Take(m, Base, first));
        var told = new OwnerNotifier();
        m.Mm.Notifiers.AddPlain(told);

        Give(m, Take(m, Base, second));

        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Exclusive, second)], told.Log);
        Assert.True(m.Mm.PageTable.Read(Base).IsDeviceExclusive);
        m.Mm.Notifiers.RemovePlain(told);
    }

    [Fact]
    public void Pages_that_are_not_there_or_only_read_or_away_are_brought_in_for_writing()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        m.MapAt(Base, 3);
        m.Thread.Load<ulong>(Base + Size);
        m.Thread.Store(Base + (2 * Size), 3UL);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base + (2 * Size), 1));

        for (ulong i = 0; i < 3; i++)
        {
            FrameNumber frame = Take(m, Base + (i * Size));
            Assert.Equal(i == 2 ? 3UL : 0UL, BitConverter.ToUInt64(m.Memory.Frame(frame)));
            Assert.NotEqual(m.Frames.ZeroFrame, frame);
            Give(m, frame);
        }

        Assert.Equal((1, 0L), (device.Faults.Count, device.Pagemap.UsedFrames));
    }

    [Theory]
    [InlineData(Protection.Read)]
    [InlineData(Protection.None)]
    public void A_change_of_protection_ends_it(Protection protection)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        FrameNumber frame = Take(m, Base);
        Give(m, frame);

        Assert.Equal(Errno.None, m.Protect(Base, 1, protection));

        Assert.Equal(CpuPte.Map(frame, protection).Touched(CpuAccess.Write), m.Mm.PageTable.Read(Base));
        Assert.Equal(Errno.EFAULT, TryTake(m, Base, null, out _));
    }

    [Fact]
    public void Soft_dirty_tracking_and_more_rights_end_it_too()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        FrameNumber frame = Take(m, Base);
        Give(m, frame);

        Assert.Equal(Errno.None, m.Mm.WriteProtect(Base, Size));

        Assert.Equal((frame, Protection.Read), (m.Mm.PageTable.Read(Base).Frame, m.Mm.PageTable.Read(Base).Rights));
        m.Thread.Store(Base, 5UL);
        Assert.Equal(5UL, m.Thread.Load<ulong>(Base));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Unmap_and_discard_end_it_and_the_frame_lives_while_the_device_holds_it(bool isUnmap)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        FrameNumber frame = Take(m, Base);

        MigrationSteps.Beside(() => Assert.Equal(Errno.None, isUnmap ? m.Unmap(Base, 1) : m.Mm.Discard(Base, Size)));

        Assert.Equal((1, 0), (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame)));
        Give(m, frame);
        Assert.Equal(0, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void It_does_not_move()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        Give(m, Take(m, Base));
        CpuPte before = m.Mm.PageTable.Read(Base);

        Assert.Equal((Errno.None, 0), m.Migrate(Base, 1));

        Assert.Equal(before, m.Mm.PageTable.Read(Base));
    }

    [Theory]
    [InlineData(0UL, Errno.None, 0UL)]
    [InlineData(1UL << 63, Errno.EBUSY, 0UL)]
    [InlineData(3UL << 62, Errno.EBUSY, 0UL)]
    public void A_look_up_of_a_device_ends_it_if_the_page_is_wanted(ulong request, Errno error, ulong bits)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        Give(m, Take(m, Base));
        var notifier = new IntervalNotifier(new RecordingMirror("asker"));
        m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(Base));

        Assert.Equal(error, Ask(m, notifier, request, out HmmPfn pfn));

        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal(error == Errno.None, pte.IsDeviceExclusive);
        if (error == Errno.None)
        {
            Assert.Equal(bits, pfn.Bits);
        }
        else
        {
            Assert.Equal(Errno.None, Ask(m, notifier, request, out pfn));
            Assert.Equal((3UL << 62) | pte.Frame.Value, pfn.Bits);
        }

        m.Mm.Notifiers.Remove(notifier);
    }

    [Fact]
    public void Only_private_memory_that_may_be_written_can_be_had()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1, Protection.Read);
        Assert.Equal(Errno.None, m.Mm.MapShared(Base + Size, Size, Protection.ReadWrite, MapPlacement.Fixed, out _));

        Assert.Equal(
            (Errno.EFAULT, Errno.EOPNOTSUPP, Errno.EFAULT),
            (TryTake(m, Base, null, out _), TryTake(m, Base + Size, null, out _), TryTake(m, Base + (2 * Size), null, out _)));
    }

    [Fact]
    public void Without_memory_it_is_ENOMEM_and_nothing_has_changed()
    {
        using var m = new TestMachine(limit: 1);
        m.MapAt(Base, 2);
        m.Thread.Store(Base, 1UL);

        Assert.Equal(Errno.ENOMEM, TryTake(m, Base + Size, null, out _));

        Assert.True(m.Mm.PageTable.Read(Base + Size).IsNone);
    }

    [Fact]
    public void A_page_that_stays_locked_is_EBUSY_at_the_deadline()
    {
        var clock = new ManualClock();
        using var m = new TestMachine(options: new AddressSpaceOptions { Clock = clock });
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1UL);
        FrameNumber frame = m.Mm.PageTable.Read(Base).Frame;
        m.Frames.Lock(frame);
        Errno error = Errno.None;
        bool isDone = false;
        SvmThread taker = SvmThread.Start("taker", () =>
        {
            error = TryTake(m, Base, null, out _);
            Volatile.Write(ref isDone, true);
        });
        var spin = default(Spin);
        while (!Volatile.Read(ref isDone))
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            spin.Once();
        }

        taker.Join();
        m.Frames.Unlock(frame);

        Assert.Equal((Errno.EBUSY, true), (error, m.Mm.PageTable.Read(Base).IsWritable));
    }

    [Fact]
    public void A_touch_of_the_CPU_waits_for_the_device_to_have_its_access()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        FrameNumber frame = Take(m, Base);
        SvmThread toucher = SvmThread.Start("toucher", () => Assert.Equal(9UL, m.Cpu.Thread(1).Load<ulong>(Base)));
        BitConverter.TryWriteBytes(m.Memory.Frame(frame), 9UL);

        Give(m, frame);
        toucher.Join();

        Assert.True(m.Mm.PageTable.Read(Base).IsWritable);
    }

    [Fact]
    public void Who_forks_gets_it_back_unless_the_page_is_locked()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        FrameNumber frame = Take(m, Base);
        CpuLeaf leaf = m.Mm.PageTable.Find(Base)!;

        MigrationSteps.Beside(() => Assert.Equal(Errno.EBUSY, TryEnd(m, leaf)));
        Assert.True(m.Mm.PageTable.Read(Base).IsDeviceExclusive);
        Give(m, frame);
        Assert.Equal((Errno.None, Errno.None), (TryEnd(m, leaf), TryEnd(m, leaf)));

        Assert.Equal((frame, true), (m.Mm.PageTable.Read(Base).Frame, m.Mm.PageTable.Read(Base).IsWritable));
        Assert.Equal((1, 1, false), (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame), m.Frames.IsLocked(frame)));
    }

    [Fact]
    public void A_pinned_page_keeps_its_frame_and_does_not_move()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        FrameNumber frame;
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, m.Mm.TryPin(Base + 3, CpuAccess.Write, out frame));
            Assert.Equal(Errno.EFAULT, m.Mm.TryPin(Base + (2 * Size), CpuAccess.Read, out _));
        }

        Assert.Equal((2, 1), (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame)));
        Assert.Equal((Errno.None, 0), m.Migrate(Base, 1));
        Assert.Equal((frame, true), (m.Mm.PageTable.Read(Base).Frame, m.Mm.PageTable.Read(Base).IsDirty));
        m.Frames.Put(frame);
        Assert.Equal((Errno.None, 1), m.Migrate(Base, 1));
    }

    private static Errno TryEnd(TestMachine m, CpuLeaf leaf)
    {
        using (leaf.Lock.Enter())
        {
            return m.Mm.TryEndExclusive(leaf, Base);
        }
    }

    private static FrameNumber Take(TestMachine m, ulong address, object? owner = null)
    {
        Assert.Equal(Errno.None, TryTake(m, address, owner, out FrameNumber frame));
        return frame;
    }

    private static Errno TryTake(TestMachine m, ulong address, object? owner, out FrameNumber frame)
    {
        using (m.Mm.MmapLock.EnterShared())
        {
            return DeviceExclusive.TryMake(m.Mm, address, owner, out frame);
        }
    }

    private static void Give(TestMachine m, FrameNumber frame)
    {
        m.Frames.Unlock(frame);
        m.Frames.Put(frame);
    }

    private static Errno Ask(TestMachine m, IntervalNotifier notifier, ulong request, out HmmPfn pfn)
    {
        HmmPfn[] pfns = [default];
        Assert.True(notifier.TryReadBegin(m.Mm.Clock.After(Deadline.Default), out long sequence));
        var range = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(Base),
            DefaultFlags = new HmmPfn(request),
            Pfns = pfns,
        };
        using (m.Mm.MmapLock.EnterShared())
        {
            Errno error = HmmRangeFault.Fault(m.Mm, ref range);
            pfn = pfns[0];
            return error;
        }
    }
}
