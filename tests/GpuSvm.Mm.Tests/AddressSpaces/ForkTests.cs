namespace GpuSvm.Mm.Tests;

public sealed class ForkTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void A_child_has_the_mappings_and_the_bytes_of_its_parent()
    {
        using var m = Filled(3);
        m.Protect(Base + Size, 1, Protection.Read);
        m.MapAt(0x20000, 1, Protection.None);
        TestProcess child = m.Fork();
        Assert.Equal(m.Mm.Vmas(), child.Mm!.Vmas());
        Assert.Equal((1L, 2L, 3L), (Long(child.Thread, 0), Long(child.Thread, 1), Long(child.Thread, 2)));
        Assert.Throws<SegmentationFaultException>(() => child.Thread.Store(Base + Size, 1L));
        Assert.Equal(3, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Who_writes_a_private_page_first_copies_it_and_the_other_one_keeps_it()
    {
        using var m = Filled(2);
        FrameNumber[] shared = [Pte(m.Mm, 0).Frame, Pte(m.Mm, 1).Frame];
        TestProcess child = m.Fork();
        Assert.Equal((Protection.Read, Protection.Read), (Pte(m.Mm, 0).Rights, Pte(child.Mm!, 0).Rights));
        Assert.Equal((2, 2), (m.Frames.MapCount(shared[0]), m.Frames.ReferenceCount(shared[0])));
        child.Thread.Store(Base + 8, 10L);
        m.Thread.Store(Base + Size + 8, 20L);
        Assert.Equal((1L, 0L, 10L), (Long(m.Thread, 0), m.Thread.Load<long>(Base + 8), child.Thread.Load<long>(Base + 8)));
        Assert.Equal(2L, Long(child.Thread, 1));
        Assert.Equal((20L, 0L), (m.Thread.Load<long>(Base + Size + 8), child.Thread.Load<long>(Base + Size + 8)));
        Assert.Equal(4, m.Frames.AllocatedFrames);
        m.Thread.Store(Base, 5L);
        child.Thread.Store(Base + Size, 6L);
        Assert.Equal(4, m.Frames.AllocatedFrames);
        Assert.Equal((shared[0], shared[1]), (Pte(m.Mm, 0).Frame, Pte(child.Mm!, 1).Frame));
        Assert.Equal((5L, 1L, 2L, 6L), (Long(m.Thread, 0), Long(child.Thread, 0), Long(m.Thread, 1), Long(child.Thread, 1)));
    }

    [Fact]
    public void A_page_whose_other_owner_has_gone_is_written_without_a_copy()
    {
        using var m = Filled(1);
        FrameNumber frame = Pte(m.Mm, 0).Frame;
        TestProcess child = m.Fork();
        Assert.Equal(FrameFlags.None, m.Frames.FlagsOf(frame) & FrameFlags.AnonExclusive);
        child.Mm!.Exit();
        m.Thread.Store(Base, 7L);
        Assert.Equal((frame, FrameFlags.AnonExclusive), (Pte(m.Mm, 0).Frame, m.Frames.FlagsOf(frame) & FrameFlags.AnonExclusive));
    }

    [Fact]
    public void No_thread_of_the_parent_writes_a_shared_page_through_an_old_translation()
    {
        using var m = Filled(1);
        m.Cpu.Thread(1).Store(Base, 3L);
        TestProcess child = m.Fork();
        m.Cpu.Thread(1).Store(Base, 4L);
        Assert.Equal((3L, 4L), (Long(child.Thread, 0), Long(m.Thread, 0)));
    }

    [Fact]
    public void Shared_memory_stays_shared()
    {
        using var m = new TestMachine();
        m.Mm.MapShared(Base, 2 * Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        m.Thread.Store(Base, 1L);
        TestProcess child = m.Fork();
        child.Thread.Store(Base, 2L);
        child.Thread.Store(Base + Size, 3L);
        Assert.Equal((2L, 3L, 2L), (Long(m.Thread, 0), Long(m.Thread, 1), m.Frames.AllocatedFrames));
        m.Unmap(Base, 2);
        Assert.Equal((2L, 3L), (Long(child.Thread, 0), Long(child.Thread, 1)));
    }

    [Fact]
    public void The_memory_of_an_object_is_shared_and_its_frames_live_as_long_as_an_entry()
    {
        using var memory = new SystemMemory(256);
        using var frames = new PageFrames(memory, new PageFramesOptions { PooledFrames = 64 });
        frames.TryReserve(2, out MemoryObject? heap);
        var cpu = new SimulatedCpu(memory, 1);
        using var mm = new AddressSpace(frames, cpu, new AddressSpaceOptions());
        Assert.Equal(Errno.None, mm.MapObject(Base, heap!, Protection.ReadWrite));
        cpu.Thread(0).Store(Base, 1L);
        var childCpu = new SimulatedCpu(memory, 1);
        Assert.Equal(Errno.None, mm.TryFork(childCpu, null, out AddressSpace? child));
        Assert.Equal(1, childCpu.Thread(0).Load<long>(Base));
        childCpu.Thread(0).Store(Base + Size, 2L);
        Assert.Equal(2, cpu.Thread(0).Load<long>(Base + Size));
        Assert.Equal((2L, 2, 4UL), (frames.AllocatedFrames, frames.MapCount(heap!.FirstFrame), heap.MappedPages));
        mm.Unmap(Base, 2 * Size);
        Assert.Equal((1L, 2L), (childCpu.Thread(0).Load<long>(Base), childCpu.Thread(0).Load<long>(Base + Size)));
        child!.Exit();
        Assert.Equal((0L, 0UL), (frames.AllocatedFrames, heap.MappedPages));
        frames.Release(heap);
    }

    [Fact]
    public void A_mapping_that_was_advised_so_is_not_inherited()
    {
        using var m = Filled(3);
        m.Mm.Advise(Base + Size, Size, Advice.DontFork);
        TestProcess child = m.Fork();
        Assert.Equal(["[0x10000, 0x11000)", "[0x12000, 0x13000)"], child.Mm!.Vmas().Select(vma => $"{vma.Range}"));
        Assert.Equal(1, m.Frames.MapCount(Pte(m.Mm, 1).Frame));
        Assert.Equal(Protection.ReadWrite, Pte(m.Mm, 1).Rights);
    }

    [Fact]
    public void Each_private_mapping_with_pages_is_one_invalidation_in_the_parent()
    {
        using var m = Filled(2);
        m.MapAt(0x4000_0000, 1);
        m.Mm.MapShared(0x30000, Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        m.Thread.Store(0x30000, 1);
        var log = new RecordingPlainNotifier("plain", []);
        m.Mm.Notifiers.AddPlain(log);
        m.Fork();
        Assert.Equal(["plain start [0x10000, 0x12000) ProtectionPage", "plain end [0x10000, 0x12000) ProtectionPage"], log.Log);
        m.Mm.Notifiers.RemovePlain(log);
    }

    [Fact]
    public void A_pinned_page_stays_the_parents_and_the_child_gets_a_copy_at_once()
    {
        using var m = Filled(2);
        FrameNumber frame;
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, m.Mm.TryPin(Base, CpuAccess.Write, out frame));
        }

        TestProcess child = m.Fork();
        Assert.Equal((3L, Protection.ReadWrite), (m.Frames.AllocatedFrames, Pte(m.Mm, 0).Rights));
        Assert.NotEqual(frame, Pte(child.Mm!, 0).Frame);
        m.Thread.Store(Base, 9L);
        Assert.Equal((frame, 1L, 2L), (Pte(m.Mm, 0).Frame, Long(child.Thread, 0), Long(child.Thread, 1)));
        child.Thread.Store(Base, 8L);
        Assert.Equal((9L, 3L), (Long(m.Thread, 0), m.Frames.AllocatedFrames));
        m.Frames.Put(frame);
    }

    [Fact]
    public void Without_a_frame_for_a_pinned_page_there_is_no_child_and_nothing_of_it()
    {
        using var m = Filled(2, limit: 2);
        FrameNumber frame = Pte(m.Mm, 1).Frame;
        m.Frames.Get(frame);
        TestProcess child = m.Start();
        Assert.Equal((Errno.ENOMEM, null), (child.Fork(m.Mm), child.Mm));
        Assert.Equal((2L, 1, 2), (m.Frames.AllocatedFrames, m.Frames.MapCount(Pte(m.Mm, 0).Frame), m.Frames.ReferenceCount(frame)));
        m.Thread.Store(Base, 5L);
        Assert.Equal((5L, 2L), (Long(m.Thread, 0), m.Frames.AllocatedFrames));
        m.Frames.Put(frame);
        Assert.Equal(Errno.None, child.Fork(m.Mm));
        Assert.Equal(5, Long(child.Thread, 0));
    }

    [Fact]
    public void A_copy_that_finds_no_frame_is_ENOMEM_and_the_page_stays_shared()
    {
        using var m = Filled(1, limit: 1);
        TestProcess child = m.Fork();
        Assert.Equal(Errno.ENOMEM, child.Mm!.HandleFault(Base, CpuAccess.Write));
        Assert.Equal((1L, 1L), (Long(child.Thread, 0), Long(m.Thread, 0)));
        m.Mm.Discard(Base, Size);
        child.Thread.Store(Base, 2L);
        Assert.Equal((2L, 1L), (Long(child.Thread, 0), m.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_page_that_a_device_has_for_itself_goes_back_to_the_CPU_first()
    {
        using var m = Filled(1);
        FrameNumber frame = MakeExclusive(m);
        TestProcess child = m.Start();
        MigrationSteps.Beside(() => Assert.Equal(Errno.EBUSY, child.Fork(m.Mm)));
        Assert.True(Pte(m.Mm, 0).IsDeviceExclusive);
        m.Frames.Unlock(frame);
        m.Frames.Put(frame);
        Assert.Equal(Errno.None, child.Fork(m.Mm));
        Assert.Equal((Protection.Read, Protection.Read), (Pte(m.Mm, 0).Rights, Pte(child.Mm!, 0).Rights));
        child.Thread.Store(Base, 4L);
        Assert.Equal((1L, 4L), (Long(m.Thread, 0), Long(child.Thread, 0)));
    }

    [Fact]
    public void A_page_in_a_devices_memory_is_shared_there_and_comes_home_for_both()
    {
        using var m = Filled(1);
        var device = new TestDevice(m.Frames);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base, 1));
        FrameNumber frame = Pte(m.Mm, 0).Frame;
        TestProcess child = m.Fork();
        Assert.True(Pte(child.Mm!, 0).IsDevicePrivate && Pte(m.Mm, 0).IsDevicePrivate);
        Assert.Equal((frame, 2, 2), (Pte(child.Mm!, 0).Frame, m.Frames.MapCount(frame), m.Frames.ReferenceCount(frame)));
        Assert.Equal((Protection.Read, Protection.Read), (Pte(m.Mm, 0).KeptRights, Pte(child.Mm!, 0).KeptRights));
        child.Thread.Store(Base, 4L);
        Assert.Equal((1L, 4L), (Long(m.Thread, 0), Long(child.Thread, 0)));
        Assert.Equal((0L, 2L, 1), (device.Pagemap.UsedFrames, m.Frames.AllocatedFrames, device.Faults.Count));
    }

    [Fact]
    public void A_page_that_is_being_moved_is_shared_where_it_ends()
    {
        using var m = Filled(1);
        var migration = new MigrateVma(m.Mm, 1);
        migration.SetUp(m.Mm, Base, 1);
        migration.Copy(m.Frames);
        TestProcess child = m.Start();
        MigrationSteps.Beside(() => Assert.Equal(Errno.None, child.Fork(m.Mm)));
        migration.MigratePages();
        migration.Complete();
        CpuPte pte = Pte(m.Mm, 0);
        Assert.Equal((pte.Frame, Protection.Read, Protection.Read), (Pte(child.Mm!, 0).Frame, pte.Rights, Pte(child.Mm!, 0).Rights));
        Assert.Equal((2, 2, 1L), (m.Frames.MapCount(pte.Frame), m.Frames.ReferenceCount(pte.Frame), m.Frames.AllocatedFrames));
        m.Thread.Store(Base, 5L);
        Assert.Equal((1L, 5L), (Long(child.Thread, 0), Long(m.Thread, 0)));
    }

    [Fact]
    public void Children_fork_too()
    {
        using var m = Filled(1);
        TestProcess child = m.Fork();
        TestProcess grandchild = m.Start();
        Assert.Equal(Errno.None, grandchild.Fork(child.Mm!));
        Assert.Equal(3, m.Frames.MapCount(Pte(m.Mm, 0).Frame));
        child.Thread.Store(Base, 2L);
        grandchild.Thread.Store(Base, 3L);
        Assert.Equal((1L, 2L, 3L), (Long(m.Thread, 0), Long(child.Thread, 0), Long(grandchild.Thread, 0)));
        m.Thread.Store(Base, 4L);
        Assert.Equal(3, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Read_only_mappings_that_become_writable_again_are_still_copied()
    {
        using var m = Filled(1);
        m.Protect(Base, 1, Protection.Read);
        TestProcess child = m.Fork();
        child.Mm!.Protect(Base, Size, Protection.ReadWrite);
        child.Thread.Store(Base, 2L);
        Assert.Equal((1L, 2L), (Long(m.Thread, 0), Long(child.Thread, 0)));
    }

    [Fact]
    public void What_cannot_be_forked_is_an_error_and_the_CPU_of_the_child_stays_free()
    {
        using var fixedFrames = new FixedFrameMachine();
        Assert.Equal(Errno.EOPNOTSUPP, fixedFrames.Mm.TryFork(new SimulatedCpu(fixedFrames.Memory, 1), null, out _));
        using var m = Filled(2);
        TestProcess child = m.Start();
        m.Protect(Base, 1, Protection.Read);
        Assert.Equal(Errno.ENOMEM, child.Fork(m.Mm, new AddressSpaceOptions { VmaLimit = 1 }));
        Assert.Throws<InvalidOperationException>(() => m.Mm.TryFork(m.Cpu, null, out _));
        Assert.Equal((2L, 1), (m.Frames.AllocatedFrames, m.Frames.MapCount(Pte(m.Mm, 1).Frame)));
        Assert.Equal(Errno.None, child.Fork(m.Mm));
        child.Mm!.Exit();
        m.Mm.Exit();
        Assert.Equal(Errno.EINVAL, m.Start().Fork(m.Mm));
    }

    private static FrameNumber MakeExclusive(TestMachine m)
    {
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, DeviceExclusive.TryMake(m.Mm, Base, null, out FrameNumber frame));
            return frame;
        }
    }

    private static TestMachine Filled(int pages, ulong limit = 0)
    {
        var m = new TestMachine(limit: limit);
        m.MapAt(Base, (ulong)pages);
        for (int i = 0; i < pages; i++)
        {
            m.Thread.Store(Base + ((ulong)i * Size), i + 1L);
        }

        return m;
    }

    private static CpuPte Pte(AddressSpace mm, ulong page) => mm.PageTable.Read(Base + (page * Size));

    private static long Long(CpuThread cpu, ulong page) => cpu.Load<long>(Base + (page * Size));
}
