namespace GpuSvm.Mm.Tests;

/// <summary>Anonymous shared memory, and frames that nobody counts.</summary>
public sealed class SharedMappingTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;
    private static readonly VmaFlags SpecialFlags = VmaFlags.Shared | VmaFlags.Special;

    [Fact]
    public void Two_address_spaces_that_map_shared_memory_see_the_same_frames()
    {
        using var m = new TestMachine();
        using var memory = new PageCache(m.Frames, 4);
        TestProcess other = m.Start();
        Assert.Equal(Errno.None, Map(m.Mm, memory, Base, 4));
        Assert.Equal(Errno.None, Map(other.Empty(), memory, 0x50000, 2, offset: Size));
        m.Thread.Store(Base + (2 * Size), 7L);
        Assert.Equal(7, other.Thread.Load<long>(0x51000));
        other.Thread.Store(0x51000, 8L);
        Assert.Equal(8, m.Thread.Load<long>(Base + (2 * Size)));
        FrameNumber frame = m.Mm.PageTable.Read(Base + (2 * Size)).Frame;
        Assert.Equal((1L, 1), (m.Frames.AllocatedFrames, memory.CachedPages));
        Assert.Equal((2, 3), (m.Frames.MapCount(frame), m.Frames.ReferenceCount(frame)));
        Assert.Equal(6UL, memory.MappedPages);
    }

    [Fact]
    public void Shared_memory_keeps_its_bytes_while_nobody_maps_it_and_is_freed_with_its_owner()
    {
        using var m = new TestMachine();
        var memory = new PageCache(m.Frames, 1);
        Map(m.Mm, memory, Base, 1);
        m.Thread.Store(Base, 7L);
        m.Mm.Discard(Base, Size);
        Assert.Equal(7, m.Thread.Load<long>(Base));
        m.Unmap(Base, 1);
        Assert.Equal((1L, 0UL), (m.Frames.AllocatedFrames, memory.MappedPages));
        Map(m.Mm, memory, Base + Size, 1);
        Assert.Equal(7, m.Thread.Load<long>(Base + Size));
        memory.Dispose();
        m.Thread.Store(Base + Size, 9L);
        Assert.Equal(9, m.Thread.Load<long>(Base + Size));
        m.Unmap(Base + Size, 1);
        Assert.Equal((0L, 0), (m.Frames.AllocatedFrames, memory.CachedPages));
        Assert.Throws<ArgumentException>(() => Map(m.Mm, memory, Base, 1));
    }

    [Fact]
    public void Anonymous_shared_memory_is_freed_with_its_last_mapping()
    {
        using var m = new TestMachine();
        Assert.Equal(Errno.None, m.Mm.MapShared(Base, 3 * Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        m.Thread.Store(Base, 1L);
        m.Thread.Store(Base + (2 * Size), 3L);
        m.Unmap(Base + Size, 1);
        m.Unmap(Base, 1);
        Assert.Equal(2, m.Frames.AllocatedFrames);
        Assert.Equal(3, m.Thread.Load<long>(Base + (2 * Size)));
        m.Unmap(Base + (2 * Size), 1);
        Assert.Equal(0, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_frame_keeps_the_marks_of_entries_that_go()
    {
        using var m = new TestMachine();
        using var memory = new PageCache(m.Frames, 2);
        Map(m.Mm, memory, Base, 2);
        m.Mm.Advise(Base, 2 * Size, Advice.PopulateRead);
        FrameNumber[] frames = [m.Mm.PageTable.Read(Base).Frame, m.Mm.PageTable.Read(Base + Size).Frame];
        m.Thread.Store(Base, 1L);
        m.Thread.Load<long>(Base + Size);
        Assert.Equal([FrameFlags.None, FrameFlags.None], frames.Select(m.Frames.FlagsOf));
        m.Unmap(Base, 2);
        Assert.Equal([FrameFlags.Dirty | FrameFlags.Accessed, FrameFlags.Accessed], frames.Select(m.Frames.FlagsOf));
    }

    [Fact]
    public void Reading_shared_memory_takes_a_frame_and_a_later_write_does_not_fault()
    {
        using var m = new TestMachine();
        m.Mm.MapShared(Base, Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Assert.Equal(0, m.Thread.Load<long>(Base));
        Assert.Equal(1, m.Frames.AllocatedFrames);
        Assert.Equal(Protection.ReadWrite, m.Mm.PageTable.Read(Base).Rights);
    }

    [Fact]
    public void Private_mappings_of_shared_memory_copy_what_they_write()
    {
        using var m = new TestMachine();
        using var memory = new PageCache(m.Frames, 2);
        Map(m.Mm, memory, Base, 2);
        m.Thread.Store(Base, 1L);
        m.Thread.Store(Base + Size, 2L);
        Map(m.Mm, memory, 0x20000, 2, MapSharing.Private);
        Assert.Equal(1, m.Thread.Load<long>(0x20000));
        m.Thread.Store(0x20000, 10L);
        m.Thread.Store(0x20000 + Size + 8, 20L);
        Assert.Equal((10L, 2L), (m.Thread.Load<long>(0x20000), m.Thread.Load<long>(0x20000 + Size)));
        Assert.Equal(20L, m.Thread.Load<long>(0x20008 + Size));
        Assert.Equal((1L, 2L, 0L), (m.Thread.Load<long>(Base), m.Thread.Load<long>(Base + Size), m.Thread.Load<long>(Base + Size + 8)));
        Assert.Equal(4, m.Frames.AllocatedFrames);
        m.Mm.Discard(0x20000, Size);
        Assert.Equal(1, m.Thread.Load<long>(0x20000));
    }

    [Fact]
    public void A_private_copy_is_made_inside_an_invalidation_and_is_its_owners_alone()
    {
        using var m = new TestMachine();
        using var memory = new PageCache(m.Frames, 1);
        var log = new RecordingPlainNotifier("plain", []);
        m.Mm.Notifiers.AddPlain(log);
        Map(m.Mm, memory, Base, 1, MapSharing.Private);
        m.Thread.Load<int>(Base);
        Assert.Empty(log.Log);
        m.Thread.Store(Base, 5);
        Assert.Equal(["plain start [0x10000, 0x11000) Clear", "plain end [0x10000, 0x11000) Clear"], log.Log);
        FrameNumber frame = m.Mm.PageTable.Read(Base).Frame;
        Assert.Equal((FrameFlags.AnonExclusive, 1, 1), (m.Frames.FlagsOf(frame), m.Frames.MapCount(frame), m.Frames.ReferenceCount(frame)));
        m.Mm.Notifiers.RemovePlain(log);
    }

    [Fact]
    public void Memory_behind_the_end_of_the_object_faults()
    {
        using var m = new TestMachine();
        using var memory = new PageCache(m.Frames, 1);
        Assert.Equal(Errno.None, Map(m.Mm, memory, Base, 2));
        Assert.Equal(Errno.EFAULT, m.Mm.HandleFault(Base + Size, CpuAccess.Read));
        Assert.Equal(Errno.EFAULT, m.Mm.HandleFault(Base + Size, CpuAccess.Write));
        Assert.Equal(0, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Mappings_of_consecutive_pages_are_one_and_others_are_not()
    {
        using var m = new TestMachine();
        using var memory = new PageCache(m.Frames, 8);
        Map(m.Mm, memory, Base, 2);
        Map(m.Mm, memory, Base + (2 * Size), 2, offset: 2 * Size);
        Assert.Equal("10000-14000 RW", m.Vmas());
        Map(m.Mm, memory, Base + (4 * Size), 1, offset: 5 * Size);
        Map(m.Mm, memory, Base + (5 * Size), 1, MapSharing.Private, offset: 6 * Size);
        Assert.Equal("10000-14000 RW, 14000-15000 RW, 15000-16000 RW", m.Vmas());
    }

    [Fact]
    public void Bad_calls_get_the_error_of_mmap_and_change_nothing()
    {
        using var m = new TestMachine();
        using var memory = new PageCache(m.Frames, 1);
        Assert.Equal(Errno.EINVAL, Map(m.Mm, memory, Base, 1, offset: 1));
        var unknown = new CacheSource(memory, (MapSharing)2);
        Assert.Equal(Errno.EINVAL, m.Mm.MapCache(Base, Size, Protection.Read, MapPlacement.Fixed, unknown, out _));
        Assert.Equal(Errno.EOVERFLOW, Map(m.Mm, memory, Base, 2, offset: ulong.MaxValue - Size + 1));
        Assert.Equal(Errno.EINVAL, Map(m.Mm, memory, Base, 0));
        Assert.Equal(Errno.EINVAL, m.Mm.MapShared(Base, Size, (Protection)8, MapPlacement.Fixed, out _));
        Assert.Equal(Errno.EINVAL, m.Mm.MapShared(Base, 0, Protection.Read, MapPlacement.Fixed, out _));
        Assert.Equal(Errno.ENOMEM, m.Mm.MapShared(Base, ulong.MaxValue, Protection.Read, MapPlacement.Anywhere, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            m.Mm.MapSpecial(Base, new FrameNumber(4095), 2 * Size, Protection.Read, MapPlacement.Fixed, out _));
        Assert.Equal((0, 0UL, 0L), (m.Mm.VmaCount, memory.MappedPages, m.Frames.AllocatedFrames));
    }

    [Fact]
    public void Frames_of_a_special_mapping_are_counted_by_nobody()
    {
        using var m = new TestMachine();
        m.Memory.Frame(new FrameNumber(101))[8] = 42;
        Assert.Equal(Errno.None, m.Mm.MapSpecial(Base, new FrameNumber(100), 3 * Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        Assert.Equal(42, m.Thread.Load<byte>(Base + Size + 8));
        m.Thread.Store(Base, (byte)7);
        Assert.Equal(7, m.Memory.Frame(new FrameNumber(100))[0]);
        var frame = new FrameNumber(100);
        Assert.Equal((0L, 0, 0), (m.Frames.AllocatedFrames, m.Frames.MapCount(frame), m.Frames.ReferenceCount(frame)));
        Assert.Equal(SpecialFlags, m.Mm.Vmas().Single().Flags);
        m.Protect(Base, 3, Protection.Read);
        m.Protect(Base, 3, Protection.ReadWrite);
        m.Thread.Store(Base, (byte)8);
        Assert.Equal(8, m.Memory.Frame(new FrameNumber(100))[0]);
        Assert.Equal(Errno.EINVAL, m.Mm.Discard(Base, Size));
        m.Unmap(Base, 1);
        Assert.Equal(8, m.Memory.Frame(new FrameNumber(100))[0]);
        Assert.Equal(42, m.Thread.Load<byte>(Base + Size + 8));
    }

    private static Errno Map(
        AddressSpace mm, PageCache memory, ulong address, ulong pages, MapSharing sharing = MapSharing.Shared, ulong offset = 0) =>
        mm.MapCache(
            address, pages * Size, Protection.ReadWrite, MapPlacement.Fixed, new CacheSource(memory, sharing, offset), out _);
}
