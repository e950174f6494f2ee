namespace GpuSvm.Mm.Tests;

/// <summary>Mappings of memory objects on a CPU with fixed frames: which calls the CPU hears, exactly.</summary>
public sealed class MemoryObjectMappingTests
{
    private const ulong Base = 0x100000;
    private const ulong Size = Page.Size;

    [Fact]
    public void A_page_stands_on_the_frame_that_the_object_fixes()
    {
        using var m = new FixedFrameMachine();
        m.Reserve(3);
        MemoryObject memory = m.Map(Base, 4);
        Assert.Equal((4UL, 4UL), (memory.FirstFrame.Value, memory.MappedPages));
        Assert.Equal(0, m.Cpu.Load(Base + (2 * Size)));
        Assert.Equal(Errno.None, m.Cpu.Store(Base, 5));
        Assert.Equal(["map [0x102000, 0x103000) pfn:0x6 ReadWrite True", "map [0x100000, 0x101000) pfn:0x4 ReadWrite True"], m.Heard());
        Assert.Equal((2L, 1, 1), (m.Frames.AllocatedFrames, m.Frames.ReferenceCount(memory.FirstFrame), m.Frames.MapCount(memory.FirstFrame)));
        Assert.Equal(Errno.EFAULT, m.Cpu.Store(Base + (4 * Size), 1));
        Assert.Throws<InvalidOperationException>(() => m.Frames.Release(memory));
    }

    [Fact]
    public void An_object_is_mapped_at_a_free_place_of_the_window_or_not_at_all()
    {
        using var m = new FixedFrameMachine(vmaLimit: 2);
        m.Map(Base, 2);
        MemoryObject memory = m.Reserve(2);
        Assert.Equal(Errno.EINVAL, m.Mm.MapObject(0x200001, memory, Protection.Read));
        Assert.Equal(Errno.EINVAL, m.Mm.MapObject(0x200000, memory, (Protection)4));
        Assert.Equal(Errno.EPERM, m.Mm.MapObject(0UL, memory, Protection.Read));
        Assert.Equal(Errno.ENOMEM, m.Mm.MapObject(0x7fff_ffff_e000UL, memory, Protection.Read));
        Assert.Equal(Errno.EEXIST, m.Mm.MapObject(Base + Size, memory, Protection.Read));
        Assert.Equal(Errno.None, m.Mm.MapObject(0x7fff_ffff_d000UL, memory, Protection.Read));
        Assert.Equal(Errno.EINVAL, m.Mm.MapObject(0x200000, memory, 1, 2, Protection.Read));
        Assert.Equal(Errno.ENOMEM, m.Mm.MapObject(0x200000, m.Reserve(1), Protection.Read));
        MemoryObject released = m.Reserve(1);
        m.Frames.Release(released);
        Assert.Throws<ArgumentException>(() => m.Mm.MapObject(0x200000, released, Protection.Read));
        Assert.Equal(Errno.EOPNOTSUPP, m.Mm.Map(0x300000, Size, Protection.Read, MapPlacement.Fixed, out _));
        m.Mm.Exit();
        Assert.Equal((Errno.EINVAL, 0UL), (m.Mm.MapObject(0x200000, memory, Protection.Read), memory.MappedPages));
    }

    [Fact]
    public void Neighbours_are_one_mapping_only_when_one_object_goes_on()
    {
        using var m = new FixedFrameMachine();
        MemoryObject a = m.Map(Base, 4);
        MemoryObject b = m.Map(Base + (4 * Size), 4);
        Assert.Equal(b.FirstFrame, a.FirstFrame + 4);
        Assert.Equal(2, m.Mm.VmaCount);
        Assert.Equal(Errno.None, m.Mm.Protect(Base + Size, 6 * Size, Protection.Read));
        Assert.Equal(
            [(1UL, Protection.ReadWrite, a), (3UL, Protection.Read, a), (3UL, Protection.Read, b), (1UL, Protection.ReadWrite, b)],
            m.Mm.Vmas().Select(vma => (vma.Range.PageCount, vma.Protection, vma.Backing!.Value.Memory)));
        Assert.Equal(Errno.None, m.Mm.Protect(Base, 8 * Size, Protection.ReadWrite));
        Assert.Equal([a, b], m.Mm.Vmas().Select(vma => vma.Backing!.Value.Memory));
        Assert.Equal((4UL, 4UL), (a.MappedPages, b.MappedPages));
    }

    [Fact]
    public void Each_mapping_is_detached_at_its_own_frames_and_waiters_are_woken_once_behind_that()
    {
        using var m = new FixedFrameMachine();
        m.Reserve(2);
        MemoryObject a = m.Map(Base, 4);
        m.Reserve(5);
        MemoryObject b = m.Map(Base + (4 * Size), 4);
        foreach (ulong page in (ulong[])[1, 3, 4, 6])
        {
            Assert.Equal(Errno.None, m.Cpu.Store(Base + (page * Size), 9));
        }

        m.Heard();
        Assert.Equal(Errno.None, m.Mm.Unmap(Base + Size, 5 * Size));
        Assert.Equal(
            ["detach [0x101000, 0x104000) pfn:0x4", "detach [0x104000, 0x105000) pfn:0xc", "wake [0x101000, 0x106000)"], m.Heard());
        Assert.Equal((1UL, 2UL, 1L), (a.MappedPages, b.MappedPages, m.Frames.AllocatedFrames));
        Assert.Equal(9, m.Cpu.Load(Base + (6 * Size)));
        Assert.Equal(Errno.EFAULT, m.Cpu.TryLoad(Base + (4 * Size), out _));

        m.Heard();
        m.Mm.Exit();
        Assert.Equal(["detach [0x106000, 0x107000) pfn:0xe", "wake [0x1000, 0x7ffffffff000)"], m.Heard());
        Assert.Equal((0UL, 0UL), (a.MappedPages, b.MappedPages));
        m.Frames.Release(a);
        m.Frames.Release(b);
    }

    [Fact]
    public void A_simulated_CPU_is_flushed_once_for_all()
    {
        using var memory = new SystemMemory(256);
        using var frames = new PageFrames(memory, new PageFramesOptions { PooledFrames = 128 });
        var cpu = new SimulatedCpu(memory, 1);
        using var mm = new AddressSpace(frames, cpu, new AddressSpaceOptions());
        Assert.Equal(Errno.None, mm.Map(Base, Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        Assert.Equal(Errno.None, frames.TryReserve(2, out MemoryObject? shared));
        Assert.Equal(Errno.None, mm.MapObject(Base + Size, shared!, Protection.ReadWrite));
        cpu.Thread(0).Store(Base, 1);
        Assert.Equal(0, cpu.Thread(0).Load<int>(Base + Size));
        cpu.Thread(0).Store(Base + Size, 2);
        Assert.Equal((2, 2L), (memory.Frame(shared!.FirstFrame)[0], frames.AllocatedFrames));
        Assert.Equal(Errno.None, mm.Discard(Base, 3 * Size));
        Assert.Equal((0, 0), (cpu.Thread(0).Load<int>(Base), cpu.Thread(0).Load<int>(Base + Size)));
    }

    [Fact]
    public void A_refused_map_leaves_the_entry_and_the_access_is_asked_for_again()
    {
        using var m = new FixedFrameMachine();
        m.Map(Base, 2);
        m.Cpu.RefusedMaps = 2;
        Assert.Equal(Errno.EAGAIN, m.Mm.HandleFault(Base, CpuAccess.Write));
        Assert.True(m.Mm.PageTable.Read(Base).IsWritable);
        Assert.Equal(Errno.EAGAIN, m.Mm.HandleFault(Base, CpuAccess.Write));
        Assert.Equal((0, 1L), (m.Cpu.Entries.Count, m.Frames.AllocatedFrames));
        Assert.Equal(Errno.None, m.Mm.HandleFault(Base, CpuAccess.Write));
        Assert.Equal((1, 3, 1L), (m.Cpu.Entries.Count, m.Cpu.Maps, m.Frames.AllocatedFrames));
    }

    [Fact]
    public void An_entry_that_the_CPU_has_lost_is_told_again_and_keeps_its_bytes()
    {
        using var m = new FixedFrameMachine();
        m.Map(Base, 1);
        Assert.Equal(Errno.None, m.Cpu.Store(Base + 7, 3));
        m.Cpu.Lose(Base);
        Assert.Equal((3, 2), (m.Cpu.Load(Base + 7), m.Cpu.Maps));
    }

    [Fact]
    public void A_device_gets_its_page_although_the_CPU_could_not_be_told()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 1);
        var notifier = new IntervalNotifier(new RecordingMirror("mirror", []));
        Assert.Equal(Errno.None, m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(Base)));
        Assert.True(notifier.TryReadBegin(m.Mm.Clock.After(TimeSpan.FromSeconds(10)), out long sequence));
        m.Cpu.RefusedMaps = 1;
        Span<HmmPfn> pfns = new HmmPfn[1];
        var range = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(Base),
            DefaultFlags = HmmPfn.RequestFault | HmmPfn.RequestWrite,
            Pfns = pfns,
        };
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, HmmRangeFault.Fault(m.Mm, ref range));
        }

        Assert.Equal((memory.FirstFrame, true, 1, 0), (pfns[0].Frame, pfns[0].IsWritable, m.Cpu.Maps, m.Cpu.Entries.Count));
        m.Mm.Notifiers.Remove(notifier);
    }

    [Fact]
    public void Discarded_pages_read_as_zero_even_when_somebody_touched_the_hole()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 3);
        foreach (ulong page in (ulong[])[0, 1, 2])
        {
            Assert.Equal(Errno.None, m.Cpu.Store(Base + (page * Size), 4));
        }

        var log = new RecordingPlainNotifier("plain", []);
        m.Mm.Notifiers.AddPlain(log);
        m.Heard();
        Assert.Equal(Errno.None, m.Mm.Discard(Base + Size, Size + 1));
        Assert.Equal(["detach [0x101000, 0x103000) pfn:0x2", "wake [0x101000, 0x103000)"], m.Heard());
        Assert.Equal(["plain start [0x101000, 0x103000) Clear", "plain end [0x101000, 0x103000) Clear"], log.Log);
        Assert.Equal((3UL, 1L), (memory.MappedPages, m.Frames.AllocatedFrames));
        m.Memory.Frame(memory.FirstFrame + 1).Fill(66);
        Assert.Equal((4, 0, 0), (m.Cpu.Load(Base), m.Cpu.Load(Base + Size + 5), m.Cpu.Load(Base + (2 * Size))));

        log.Log.Clear();
        Assert.Equal(Errno.EINVAL, m.Mm.Discard(Base + 1, Size));
        Assert.Equal(Errno.None, m.Mm.Discard(Base, 0));
        Assert.Equal(Errno.ENOMEM, m.Mm.Discard(Base, 4 * Size));
        Assert.Equal(Errno.EINVAL, m.Mm.Discard(Base, ulong.MaxValue));
        Assert.Equal(4, m.Cpu.Load(Base));
        Assert.Empty(log.Log);
        m.Mm.Notifiers.RemovePlain(log);
    }

    [Fact]
    public void A_write_protected_page_takes_the_next_store_by_one_fault()
    {
        using var m = new FixedFrameMachine();
        m.Map(Base, 3);
        Assert.Equal((Errno.None, Errno.None), (m.Cpu.Store(Base, 1), m.Cpu.Store(Base + (2 * Size), 2)));
        var log = new RecordingPlainNotifier("plain", []);
        m.Mm.Notifiers.AddPlain(log);
        m.Heard();
        Assert.Equal(Errno.None, m.Mm.WriteProtect(Base, 3 * Size));
        Assert.Equal(["protect [0x100000, 0x103000)"], m.Heard());
        Assert.Equal(["plain start [0x100000, 0x103000) SoftDirty", "plain end [0x100000, 0x103000) SoftDirty"], log.Log);
        Assert.Equal((Protection.Read, Protection.ReadWrite), (m.Mm.PageTable.Read(Base).Rights, m.Mm.Vmas()[0].Protection));
        Assert.Equal(1, m.Cpu.Load(Base));
        Assert.Equal(Errno.None, m.Cpu.Store(Base + 1, 8));
        Assert.Equal(["map [0x100000, 0x101000) pfn:0x1 ReadWrite True"], m.Heard());
        Assert.Equal((1, 8, 2), (m.Cpu.Load(Base), m.Cpu.Load(Base + 1), m.Cpu.Load(Base + (2 * Size))));
        Assert.Equal((Errno.EINVAL, Errno.ENOMEM), (m.Mm.WriteProtect(Base + 1, 1), m.Mm.WriteProtect(Base, 4 * Size)));
        m.Mm.Notifiers.RemovePlain(log);
    }

    [Fact]
    public void Protection_none_revokes_and_keeps_the_bytes()
    {
        using var m = new FixedFrameMachine();
        m.Map(Base, 2);
        Assert.Equal(Errno.None, m.Cpu.Store(Base + Size, 6));
        m.Heard();
        Assert.Equal(Errno.None, m.Mm.Protect(Base, 2 * Size, Protection.None));
        Assert.Equal(["revoke [0x101000, 0x102000) pfn:0x2"], m.Heard());
        Assert.Equal(Errno.None, m.Mm.WriteProtect(Base, 2 * Size));
        Assert.True(m.Mm.PageTable.Read(Base + Size).IsProtNone);
        m.Cpu.RefusedMaps = 1;
        Assert.Equal(Errno.None, m.Mm.Protect(Base, 2 * Size, Protection.ReadWrite));
        Assert.Equal(6, m.Cpu.Load(Base + Size));
        Assert.Equal(Errno.None, m.Mm.Protect(Base, 2 * Size, Protection.None));
        m.Heard();
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, 2 * Size));
        Assert.Equal(["detach [0x101000, 0x102000) pfn:0x2", "wake [0x100000, 0x102000)"], m.Heard());
    }

    [Fact]
    public void A_fault_that_must_not_wait_is_left_undone_while_the_mappings_change()
    {
        using var m = new FixedFrameMachine();
        m.Map(Base, 1);
        Errno result;
        bool served = true;
        using (m.Mm.MmapLock.EnterExclusive())
        {
            SvmThread.Start("fault", () => served = m.Mm.TryHandleFault(Base, CpuAccess.Read, out _)).Join();
        }

        Assert.Equal((false, 0L), (served, m.Frames.AllocatedFrames));
        Assert.True(m.Mm.TryHandleFault(Base, CpuAccess.Read, out result));
        Assert.Equal((Errno.None, 1L), (result, m.Frames.AllocatedFrames));
        Assert.True(m.Mm.TryHandleFault(Base + Size, CpuAccess.Read, out result));
        Assert.Equal(Errno.EFAULT, result);
    }

    [Fact]
    public void Out_of_memory_leaves_an_object_page_as_it_was()
    {
        using var m = new FixedFrameMachine(limit: 1);
        m.Map(Base, 2);
        Assert.Equal(Errno.None, m.Cpu.Store(Base, 1));
        Assert.Equal(Errno.ENOMEM, m.Cpu.Store(Base + Size, 1));
        Assert.True(m.Mm.PageTable.Read(Base + Size).IsNone);
        Assert.Equal(Errno.None, m.Mm.Discard(Base, Size));
        Assert.Equal(Errno.None, m.Cpu.Store(Base + Size, 1));
    }

    [Fact]
    public void Frames_of_an_object_move_with_their_bytes_and_the_object_is_never_unmapped_meanwhile()
    {
        using var m = new FixedFrameMachine();
        MemoryObject memory = m.Map(Base, 3);
        m.Cpu.Store(Base, 1);
        m.Cpu.Store(Base + (2 * Size), 3);
        m.Heard();
        const ulong Far = 0x80000;
        Assert.Equal(
            Errno.None,
            m.Mm.Remap(Base, 3 * Size, 2 * Size, RemapFlags.MayMove | RemapFlags.Fixed, Far + Size, out _));
        Assert.Equal(
            [
                "detach [0x102000, 0x103000) " + (memory.FirstFrame + 2), "wake [0x102000, 0x103000)",
                "leave [0x100000, 0x101000)", $"map [0x81000, 0x82000) {memory.FirstFrame} ReadWrite True",
                "wake [0x100000, 0x102000)",
            ],
            m.Heard());
        Assert.Equal((1, 0, 2UL), (m.Cpu.Load(Far + Size), m.Cpu.Load(Far + (2 * Size)), memory.MappedPages));
        m.Mm.Unmap(Far, 4 * Size);
        Assert.Equal(0UL, memory.MappedPages);
        m.Frames.Release(memory);
    }
}
