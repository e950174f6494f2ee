namespace GpuSvm.Mm.Tests;

/// <summary>Pages whose memory has failed.</summary>
public sealed class PoisonTests
{
    private const ulong Base = 0x200000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void A_lost_page_fails_every_touch_and_its_frame_is_never_handed_out_again()
    {
        using var m = new TestMachine(frames: 4);
        m.MapAt(Base, 3);
        m.Thread.Store(Base, 1UL);
        m.Thread.Store(Base + Size, 2UL);
        FrameNumber lost = m.Mm.PageTable.Read(Base).Frame;

        Assert.Equal(Errno.None, m.Mm.Advise(Base, Size, Advice.Poison));

        Assert.True(m.Mm.PageTable.Read(Base).IsPoisoned);
        Assert.Equal(Errno.EIO, Assert.Throws<SvmException>(() => m.Thread.Load<ulong>(Base)).Error);
        Assert.Equal(Errno.EIO, Assert.Throws<SvmException>(() => m.Thread.Store(Base, 1UL)).Error);
        Assert.Equal(2UL, m.Thread.Load<ulong>(Base + Size));
        Assert.Equal((1L, 0), (m.Frames.AllocatedFrames, m.Frames.ReferenceCount(lost)));
        Assert.True((m.Frames.FlagsOf(lost) & FrameFlags.Poisoned) != 0);

        // One frame is left; the lost one does not take the place of another.
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, Size));
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 3UL);
        Assert.NotEqual(lost, m.Mm.PageTable.Read(Base).Frame);
        Assert.Equal(Errno.ENOMEM, Assert.Throws<SvmException>(() => m.Thread.Store(Base + (2 * Size), 4UL)).Error);
    }

    [Fact]
    public void A_page_that_a_fork_shares_is_lost_in_both_processes_and_a_child_of_later_inherits_the_loss()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1UL);
        Assert.Equal(Errno.None, m.Mm.TryFork(new SimulatedCpu(m.Memory, 1), null, out AddressSpace? child));

        Assert.Equal(Errno.None, m.Mm.Advise(Base, Size, Advice.Poison));

        Assert.True(m.Mm.PageTable.Read(Base).IsPoisoned);
        Assert.True(child!.PageTable.Read(Base).IsPoisoned);
        Assert.Equal(Errno.None, child.TryFork(new SimulatedCpu(m.Memory, 1), null, out AddressSpace? grandchild));
        Assert.True(grandchild!.PageTable.Read(Base).IsPoisoned);
        Assert.Equal(0, m.Frames.AllocatedFrames);
        grandchild.Dispose();
        child.Dispose();
    }

    [Fact]
    public void A_device_that_wants_a_lost_page_gets_EFAULT_and_one_that_only_asks_nothing()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 1UL);
        Assert.Equal(Errno.None, m.Mm.Advise(Base, Size, Advice.Poison));
        var notifier = new IntervalNotifier(new RecordingMirror("device"));
        Assert.Equal(Errno.None, m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(Base)));

        Assert.Equal((Errno.EFAULT, HmmPfn.RequestFault), Ask(m, notifier, HmmPfn.RequestFault));
        Assert.Equal((Errno.None, default), Ask(m, notifier, default));
        m.Mm.Notifiers.Remove(notifier);
    }

    [Theory]
    [InlineData(Advice.PopulateRead)]
    [InlineData(Advice.PopulateWrite)]
    public void Populating_says_that_bytes_are_lost(Advice advice)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 3);
        m.Thread.Store(Base + Size, 1UL);
        Assert.Equal(Errno.None, m.Mm.Advise(Base + Size, Size, Advice.Poison));

        Assert.Equal(Errno.EHWPOISON, m.Mm.Advise(Base, 3 * Size, advice));

        Assert.Equal((false, true), (m.Mm.PageTable.Read(Base).IsNone, m.Mm.PageTable.Read(Base + (2 * Size)).IsNone));
    }

    [Fact]
    public void What_cannot_be_lost_is_refused_and_stays_as_it_was()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 3);
        Assert.Equal(0UL, m.Thread.Load<ulong>(Base));
        m.Thread.Store(Base + Size, 2UL);
        FrameNumber pinned = m.Mm.PageTable.Read(Base + Size).Frame;
        m.Frames.Get(pinned);

        Assert.Equal(Errno.EBUSY, m.Mm.Advise(Base, Size, Advice.Poison));
        Assert.Equal(Errno.EBUSY, m.Mm.Advise(Base + Size, Size, Advice.Poison));
        Assert.Equal(Errno.EFAULT, m.Mm.Advise(Base + (2 * Size), 2 * Size, Advice.Poison));
        Assert.Equal(Errno.None, m.Mm.MapShared(Base + (3 * Size), Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        Assert.Equal(Errno.EINVAL, m.Mm.Advise(Base + (2 * Size), 2 * Size, Advice.Poison));
        Assert.Equal(Errno.None, m.Protect(Base + (3 * Size), 1, Protection.None));
        Assert.Equal(Errno.EFAULT, m.Mm.Advise(Base + (2 * Size), 2 * Size, Advice.Poison));

        m.Frames.Put(pinned);
        Assert.Equal((0UL, 2UL, 0UL), (
            m.Thread.Load<ulong>(Base), m.Thread.Load<ulong>(Base + Size), m.Thread.Load<ulong>(Base + (2 * Size))));
        Assert.False(m.Frames.IsLocked(pinned));
    }

    private static (Errno Error, HmmPfn Pfn) Ask(TestMachine m, IntervalNotifier notifier, HmmPfn request)
    {
        Assert.True(notifier.TryReadBegin(m.Mm.Clock.After(Deadline.Default), out long sequence));
        HmmPfn[] pfns = [request];
        var range = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(Base),
            Pfns = pfns,
            FlagsMask = HmmPfn.RequestFault,
        };
        using (m.Mm.MmapLock.EnterShared())
        {
            return (HmmRangeFault.Fault(m.Mm, ref range), pfns[0]);
        }
    }
}
