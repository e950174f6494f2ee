using static GpuSvm.Mm.Tests.MigrationSteps;

namespace GpuSvm.Mm.Tests;

/// <summary>Touches of the CPU on pages that live in a device's private memory.</summary>
public sealed class DeviceFaultTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Theory]
    [InlineData(CpuAccess.Read)]
    [InlineData(CpuAccess.Write)]
    public void A_touch_brings_the_page_home_once(CpuAccess access)
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);
        device.SetWord(away, 43);

        ulong value = access == CpuAccess.Read ? m.Thread.Load<ulong>(Base) : m.Thread.CompareExchange(Base, 43UL, 44UL);

        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal((43UL, true), (value, pte.IsWritable));
        DeviceFault fault = Assert.Single(device.Faults);
        Assert.Equal((m.Mm, Base, away), (fault.Space, fault.Page.Value, fault.Frame));
        Assert.Equal((1, 1, false), (m.Frames.ReferenceCount(pte.Frame), m.Frames.MapCount(pte.Frame), m.Frames.IsLocked(pte.Frame)));
        Assert.Equal((0L, 1L), (device.Pagemap.UsedFrames, m.Frames.AllocatedFrames));
        Assert.Equal(0, HeldLocks.Count);
    }

    [Fact]
    public void The_owner_is_asked_with_the_page_locked_and_a_reference_held()
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);
        (int, int, bool, bool) seen = default;
        device.OnFault = fault =>
        {
            seen = (m.Frames.ReferenceCount(away), m.Frames.MapCount(away), m.Frames.IsLocked(away), m.Mm.MmapLock.IsHeldByCurrentThread);
            return device.BringHome(fault);
        };

        Assert.Equal(42UL, m.Thread.Load<ulong>(Base));

        Assert.Equal((2, 1, true, true), seen);
    }

    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EIO)]
    public void An_error_of_the_owner_ends_the_access_and_the_page_stays(Errno error)
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);
        device.OnFault = _ => error;

        Assert.Equal(error, Assert.Throws<SvmException>(() => m.Thread.Load<ulong>(Base)).Error);

        CpuPte pte = m.Mm.PageTable.Read(Base);
        Assert.Equal((true, away), (pte.IsDevicePrivate, pte.Frame));
        Assert.Equal((1, 1, false), (m.Frames.ReferenceCount(away), m.Frames.MapCount(away), m.Frames.IsLocked(away)));
        device.OnFault = null;
        Assert.Equal(42UL, m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void A_pinned_page_does_not_come_home_and_the_access_gives_up()
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);
        m.Frames.Get(away);

        Assert.Equal(Errno.EBUSY, Assert.Throws<SvmException>(() => m.Thread.Load<ulong>(Base)).Error);

        Assert.True(m.Mm.PageTable.Read(Base).IsDevicePrivate);
        m.Frames.Put(away);
        Assert.Equal(42UL, m.Thread.Load<ulong>(Base));
        Assert.Equal(0, device.Pagemap.UsedFrames);
    }

    [Fact]
    public void A_touch_waits_for_who_has_the_page_locked_and_asks_for_it_then()
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);
        m.Frames.Lock(away);
        SvmThread toucher = SvmThread.Start("toucher", () => Assert.Equal(42UL, m.Cpu.Thread(1).Load<ulong>(Base)));
        Assert.Equal((1, 1), (m.Frames.ReferenceCount(away), m.Frames.MapCount(away)));
        Assert.Empty(device.Faults);

        m.Frames.Unlock(away);
        toucher.Join();

        Assert.Single(device.Faults);
    }

    [Fact]
    public void A_touch_gives_up_when_the_page_is_locked_until_the_deadline()
    {
        var clock = new ManualClock();
        using var m = new TestMachine(options: new AddressSpaceOptions { Clock = clock });
        TestDevice device = Away(m, out FrameNumber away);
        m.Frames.Lock(away);
        Errno error = Errno.None;
        bool isDone = false;
        SvmThread toucher = SvmThread.Start("toucher", () =>
        {
            error = m.Mm.HandleFault(Base, CpuAccess.Read);
            Volatile.Write(ref isDone, true);
        });
        var spin = default(Spin);
        while (!Volatile.Read(ref isDone))
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            spin.Once();
        }

        toucher.Join();
        m.Frames.Unlock(away);

        Assert.Equal((Errno.EBUSY, 0), (error, device.Faults.Count));
    }

    [Fact]
    public void A_page_that_was_protected_away_from_home_comes_back_with_the_rights_that_are_left()
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);

        Assert.Equal(Errno.None, m.Protect(Base, 1, Protection.Read));

        Assert.Equal(CpuPte.DevicePrivate(away, Protection.Read).Touched(CpuAccess.Write), m.Mm.PageTable.Read(Base));
        Assert.Equal(42UL, m.Thread.Load<ulong>(Base));
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Store(Base, 1UL));
        Assert.Equal((Protection.Read, 1), (m.Mm.PageTable.Read(Base).Rights, device.Faults.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_page_that_is_given_up_away_from_home_is_the_devices_again(bool isUnmap)
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);

        Assert.Equal(Errno.None, isUnmap ? m.Unmap(Base, 1) : m.Mm.Discard(Base, Size));

        Assert.Equal((0L, 0, 0), (device.Pagemap.UsedFrames, m.Frames.ReferenceCount(away), device.Faults.Count));
        Assert.True(isUnmap || m.Thread.Load<ulong>(Base) == 0);
    }

    [Theory]
    [InlineData(Base + (8 * Size))]
    [InlineData(Base - (8 * Size))]
    public void A_page_that_moves_along_with_its_mapping_comes_home_at_its_new_address(ulong target)
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);

        Assert.Equal(Errno.None, m.Mm.Remap(Base, Size, Size, RemapFlags.MayMove | RemapFlags.Fixed, target, out _));

        Assert.Equal((true, away), (m.Mm.PageTable.Read(target).IsDevicePrivate, m.Mm.PageTable.Read(target).Frame));
        Assert.Equal(42UL, m.Thread.Load<ulong>(target));
        Assert.Equal((target, 0L), (Assert.Single(device.Faults).Page.Value, device.Pagemap.UsedFrames));
    }

    [Fact]
    public void A_page_that_a_fork_has_shared_comes_home_for_both_and_is_copied_by_who_writes_it()
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);
        TestProcess child = m.Start();
        Assert.Equal(Errno.None, m.Mm.TryFork(child.Cpu, null, out AddressSpace? forked));
        child.Mm = forked;
        Assert.Equal((2, 2), (m.Frames.ReferenceCount(away), m.Frames.MapCount(away)));

        child.Thread.Store(Base, 43UL);

        Assert.Equal((42UL, 43UL), (m.Thread.Load<ulong>(Base), child.Thread.Load<ulong>(Base)));
        Assert.Equal((1, 0L, 2L), (device.Faults.Count, device.Pagemap.UsedFrames, m.Frames.AllocatedFrames));
    }

    [Fact]
    public void The_faulting_page_must_be_a_locked_one_of_a_device()
    {
        using var m = new TestMachine();
        TestDevice device = Away(m, out FrameNumber away);
        var migration = new MigrateVma(m.Mm, 1);
        m.MapAt(Base + Size, 1);
        m.Thread.Store(Base + Size, 1UL);
        FrameNumber home = m.Mm.PageTable.Read(Base + Size).Frame;
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.EINVAL, migration.Setup(AddressRange.PageAt(Base), device, MigrateSelect.DevicePrivate, away));
            Assert.True(m.Frames.TryLock(home));
            Assert.Equal(Errno.EINVAL, migration.Setup(AddressRange.PageAt(Base + Size), device, MigrateSelect.System, home));
            m.Frames.Unlock(home);
        }
    }

    [Fact]
    public void A_poisoned_page_is_EIO()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        CpuLeaf leaf = m.Mm.PageTable.GetOrAdd(Base);
        using (leaf.Lock.Enter())
        {
            leaf.Enter(Base, CpuPte.Poisoned);
        }

        Assert.Equal((Errno.EIO, Errno.EIO), (m.Mm.HandleFault(Base, CpuAccess.Read), m.Mm.HandleFault(Base, CpuAccess.Write)));
        Assert.Equal(Errno.None, m.Mm.Discard(Base, Size));
        Assert.Equal(0UL, m.Thread.Load<ulong>(Base));
    }

    private static TestDevice Away(TestMachine m, out FrameNumber frame)
    {
        var device = new TestDevice(m.Frames);
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base, 1));
        frame = m.Mm.PageTable.Read(Base).Frame;
        return device;
    }
}
