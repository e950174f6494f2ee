namespace GpuSvm.Mm.Tests;

public sealed class RemapTests
{
    private const ulong Base = 0x10000;
    private const ulong Far = 0x80000;
    private const ulong Size = TestMachine.PageSize;
    private const RemapFlags MoveTo = RemapFlags.MayMove | RemapFlags.Fixed;

    [Fact]
    public void A_mapping_grows_where_it_is_if_there_is_room()
    {
        using var m = Filled(2);
        Assert.Equal((Errno.None, Base), Remap(m, Base, 2, 4, RemapFlags.None));
        Assert.Equal("10000-14000 RW", m.Vmas());
        Assert.Equal((1L, 2L, 0L), (Long(m, Base), Long(m, Base + Size), Long(m, Base + (3 * Size))));
    }

    [Fact]
    public void It_moves_where_it_has_no_room_and_only_if_it_may()
    {
        using var m = Filled(2);
        m.MapAt(Base + (2 * Size), 1, Protection.Read);
        Assert.Equal((Errno.ENOMEM, 0UL), Remap(m, Base, 2, 3, RemapFlags.None));
        Assert.Equal("10000-12000 RW, 12000-13000 R", m.Vmas());
        (Errno error, ulong moved) = Remap(m, Base, 2, 3, RemapFlags.MayMove);
        Assert.Equal(Errno.None, error);
        Assert.Equal((1L, 2L, 0L), (Long(m, moved), Long(m, moved + Size), Long(m, moved + (2 * Size))));
        Assert.Equal($"12000-13000 R, {moved:x}-{moved + (3 * Size):x} RW", m.Vmas());
        Assert.Equal(Errno.EFAULT, m.Mm.HandleFault(Base, CpuAccess.Read));
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_part_that_does_not_end_its_mapping_moves_to_grow()
    {
        using var m = Filled(3);
        Assert.Equal(Errno.ENOMEM, Remap(m, Base, 2, 3, RemapFlags.None).Error);
        (Errno error, ulong moved) = Remap(m, Base, 2, 3, RemapFlags.MayMove);
        Assert.Equal((Errno.None, 1L, 2L, 3L), (error, Long(m, moved), Long(m, moved + Size), Long(m, Base + (2 * Size))));
    }

    [Fact]
    public void A_mapping_shrinks_and_what_lies_behind_is_unmapped_be_it_another_mapping()
    {
        using var m = Filled(4);
        m.Protect(Base + (3 * Size), 1, Protection.Read);
        Assert.Equal((Errno.None, Base), Remap(m, Base, 4, 2, RemapFlags.None));
        Assert.Equal("10000-12000 RW", m.Vmas());
        Assert.Equal(2, m.Frames.AllocatedFrames);
        Assert.Equal((Errno.None, Base), Remap(m, Base, 2, 2, RemapFlags.MayMove));
    }

    [Fact]
    public void A_fixed_move_takes_the_place_of_what_is_there_with_entries_and_marks()
    {
        using var m = Filled(3);
        m.MapAt(Far, 4, Protection.Read);
        m.Thread.Load<int>(Far + Size);
        m.Protect(Base, 1, Protection.Read);
        m.Protect(Base, 1, Protection.ReadWrite);
        CpuPte[] before = [.. Enumerable.Range(0, 3).Select(i => m.Mm.PageTable.Read(Base + ((ulong)i * Size)))];
        var log = new RecordingPlainNotifier("plain", []);
        m.Mm.Notifiers.AddPlain(log);
        Assert.Equal((Errno.None, Far), Remap(m, Base, 3, 2, MoveTo, Far));
        Assert.Equal("80000-82000 RW, 82000-84000 R", m.Vmas());
        Assert.Equal([before[0], before[1]], [m.Mm.PageTable.Read(Far), m.Mm.PageTable.Read(Far + Size)]);
        Assert.Equal((Protection.Read, true), (before[0].Rights, before[0].IsDirty));
        Assert.Equal(2, m.Frames.AllocatedFrames);
        Assert.Equal(
            ["plain start [0x80000, 0x82000) Unmap", "plain end [0x80000, 0x82000) Unmap",
             "plain start [0x12000, 0x13000) Unmap", "plain end [0x12000, 0x13000) Unmap",
             "plain start [0x10000, 0x12000) Unmap", "plain end [0x10000, 0x12000) Unmap"],
            log.Log);
        m.Mm.Notifiers.RemovePlain(log);
        Assert.Equal((1L, 2L), (Long(m, Far), Long(m, Far + Size)));
    }

    [Fact]
    public void A_moved_page_is_known_to_the_reverse_map_where_it_is_now()
    {
        using var m = Filled(1);
        FrameNumber frame = m.Mm.PageTable.Read(Base).Frame;
        Remap(m, Base, 1, 1, MoveTo, Far);
        List<FrameMapping> places = [];
        m.Frames.CopyMappings(frame, places);
        Assert.Equal([m.Mm.MappingOf(Far)], places);
        Assert.Equal((1, 1), (m.Frames.MapCount(frame), m.Frames.ReferenceCount(frame)));
    }

    [Fact]
    public void No_thread_reaches_a_moved_page_at_its_old_address()
    {
        using var m = Filled(1);
        Assert.Equal(1, m.Cpu.Thread(1).Load<long>(Base));
        Remap(m, Base, 1, 1, MoveTo, Far);
        Assert.Throws<SegmentationFaultException>(() => m.Cpu.Thread(1).Load<long>(Base));
        Assert.Throws<SegmentationFaultException>(() => m.Cpu.Thread(0).Store(Base, 1L));
    }

    [Fact]
    public void The_old_mapping_can_stay_without_its_pages()
    {
        using var m = Filled(2);
        (Errno error, ulong moved) = Remap(m, Base, 2, 2, RemapFlags.MayMove | RemapFlags.DontUnmap);
        Assert.Equal(Errno.None, error);
        Assert.Equal((1L, 2L, 0L, 0L), (Long(m, moved), Long(m, moved + Size), Long(m, Base), Long(m, Base + Size)));
        m.Thread.Store(Base, 5L);
        Assert.Equal((1L, 3L, 2), (Long(m, moved), m.Frames.AllocatedFrames, m.Mm.VmaCount));
        Assert.Equal((Errno.None, Far), Remap(m, Base, 2, 2, RemapFlags.MayMove | RemapFlags.DontUnmap, Far));
        Assert.Equal((5L, 0L), (Long(m, Far), Long(m, Base)));
    }

    [Fact]
    public void Pages_of_an_object_keep_their_place_in_it()
    {
        using var m = new TestMachine();
        m.Mm.MapShared(Base, 4 * Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Fill(m, 4);
        Remap(m, Base + Size, 2, 2, MoveTo, Far);
        m.Mm.Discard(Far, 2 * Size);
        Assert.Equal((2L, 3L), (Long(m, Far), Long(m, Far + Size)));
        Assert.Equal((Errno.None, Far + (8 * Size)), Remap(m, Base, 0, 2, MoveTo, Far + (8 * Size)));
        Assert.Equal((1L, 2L, 1L), (Long(m, Far + (8 * Size)), Long(m, Far + (9 * Size)), Long(m, Base)));
        m.Thread.Store(Far, 20L);
        Assert.Equal((20L, 4L), (Long(m, Far + (9 * Size)), m.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_page_that_moved_from_one_leaf_to_another_is_found_there()
    {
        using var m = new TestMachine();
        const ulong Start = 0x1ff000;
        m.MapAt(Start, 3);
        m.Thread.Store(Start, 1L);
        m.Thread.Store(Start + Size, 2L);
        Assert.Equal((Errno.None, 0x7fe000UL), Remap(m, Start, 3, 3, MoveTo, 0x7fe000));
        Assert.Equal((1L, 2L, 0L), (Long(m, 0x7fe000), Long(m, 0x7ff000), Long(m, 0x800000)));
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void Pages_move_down_too()
    {
        using var m = Filled(2);
        Assert.Equal((Errno.None, 0x2000UL), Remap(m, Base, 2, 2, MoveTo, 0x2000));
        Assert.Equal((1L, 2L), (Long(m, 0x2000), Long(m, 0x3000)));
    }

    [Fact]
    public void Special_frames_move_but_neither_grow_nor_stay_behind()
    {
        using var m = new TestMachine();
        m.Mm.MapSpecial(Base, new FrameNumber(100), 2 * Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        m.Thread.Store(Base + Size, 7L);
        Assert.Equal(Errno.EFAULT, Remap(m, Base, 2, 3, RemapFlags.MayMove).Error);
        Assert.Equal(Errno.EINVAL, Remap(m, Base, 2, 2, RemapFlags.MayMove | RemapFlags.DontUnmap).Error);
        Assert.Equal(Errno.None, Remap(m, Base, 2, 2, MoveTo, Far).Error);
        Assert.Equal((7L, 7L), (Long(m, Far + Size), BitConverter.ToInt64(m.Memory.Frame(new FrameNumber(101)))));
    }

    [Fact]
    public void Bad_calls_get_the_error_of_mremap_and_change_nothing()
    {
        using var m = Filled(4);
        m.MapAt(Far, 1, Protection.Read);
        m.Protect(Base + (3 * Size), 1, Protection.Read);
        string before = m.Vmas();
        ulong limit = new AddressSpaceOptions().Window.End;
        Assert.Multiple(
            () => Refused(Errno.EINVAL, Base, 1, 1, (RemapFlags)8),
            () => Refused(Errno.EINVAL, Base + 1, 1, 1, RemapFlags.None),
            () => Refused(Errno.EINVAL, Base, 1, 0, RemapFlags.MayMove),
            () => Refused(Errno.EINVAL, Base, 1, limit / Size * 2, RemapFlags.MayMove),
            () => Refused(Errno.EINVAL, Base, 1, 1, RemapFlags.Fixed, Far),
            () => Refused(Errno.EINVAL, Base, 1, 1, RemapFlags.DontUnmap),
            () => Refused(Errno.EINVAL, Base, 1, 2, RemapFlags.MayMove | RemapFlags.DontUnmap),
            () => Refused(Errno.EINVAL, Base, 1, 1, MoveTo, Far + 1),
            () => Refused(Errno.EINVAL, Base, 1, 1, MoveTo, limit),
            () => Refused(Errno.EINVAL, Base, 2, 2, MoveTo, Base + Size),
            () => Refused(Errno.EINVAL, Base, 0, 1, RemapFlags.MayMove),
            () => Refused(Errno.EPERM, Base, 1, 1, MoveTo, 0),
            () => Refused(Errno.EFAULT, Base - Size, 1, 2, RemapFlags.MayMove),
            () => Refused(Errno.EFAULT, limit + Size, 1, 2, RemapFlags.MayMove),
            () => Refused(Errno.EFAULT, Base, 4, 5, RemapFlags.MayMove),
            () => Refused(Errno.EFAULT, Base, 4, 4, MoveTo, Far),
            () => Refused(Errno.ENOMEM, Base, 3, limit / Size, RemapFlags.MayMove));

        void Refused(Errno error, ulong address, ulong pages, ulong newPages, RemapFlags flags, ulong target = 0)
        {
            Assert.Equal((error, 0UL), Remap(m, address, pages, newPages, flags, target));
            Assert.Equal(before, m.Vmas());
            Assert.Equal((1L, 4L, 4L), (Long(m, Base), Long(m, Base + (3 * Size)), m.Frames.AllocatedFrames));
        }
    }

    [Fact]
    public void A_move_that_makes_too_many_mappings_changes_nothing()
    {
        using var m = new TestMachine(options: new AddressSpaceOptions { VmaLimit = 8 });
        for (ulong i = 0; i < 3; i++)
        {
            m.MapAt(Base + (2 * i * Size), 1);
        }

        Assert.Equal(Errno.ENOMEM, Remap(m, Base, 1, 1, MoveTo, Far).Error);
        m.Unmap(Base + (4 * Size), 1);
        Assert.Equal(Errno.None, Remap(m, Base, 1, 1, MoveTo, Far).Error);
    }

    [Fact]
    public void A_page_that_is_being_migrated_moves_on_and_stays_in_its_frame()
    {
        using var m = Filled(2);
        FrameNumber frame = m.Mm.PageTable.Read(Base + Size).Frame;
        var migration = new MigrateVma(m.Mm, 1);
        migration.SetUp(m.Mm, Base + Size, 1);
        MigrationSteps.Beside(() => Assert.Equal(Errno.None, Remap(m, Base, 2, 2, MoveTo, Far).Error));
        Assert.True(m.Mm.PageTable.Read(Far + Size).IsMigration);
        migration.Copy(m.Frames);
        migration.MigratePages();
        Assert.Equal(0, migration.Complete());
        Assert.Equal((1L, 2L, frame), (Long(m, Far), Long(m, Far + Size), m.Mm.PageTable.Read(Far + Size).Frame));
        Assert.Equal((1, 1, 2L), (m.Frames.MapCount(frame), m.Frames.ReferenceCount(frame), m.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_page_that_has_been_migrated_but_not_entered_yet_is_entered_where_it_moved_on_to()
    {
        using var m = Filled(1);
        FrameNumber left = m.Mm.PageTable.Read(Base).Frame;
        var migration = new MigrateVma(m.Mm, 1);
        migration.SetUp(m.Mm, Base, 1);
        migration.Copy(m.Frames);
        migration.MigratePages();
        MigrationSteps.Beside(() => Assert.Equal(Errno.None, Remap(m, Base, 1, 1, MoveTo, Far).Error));
        migration.Complete();
        Assert.Equal(1, Long(m, Far));
        Assert.NotEqual(left, m.Mm.PageTable.Read(Far).Frame);
        Assert.Equal(1, m.Frames.AllocatedFrames);
    }

    private static TestMachine Filled(int pages)
    {
        var m = new TestMachine();
        m.MapAt(Base, (ulong)pages);
        Fill(m, pages);
        return m;
    }

    private static void Fill(TestMachine m, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            m.Thread.Store(Base + ((ulong)i * Size), i + 1L);
        }
    }

    private static long Long(TestMachine m, ulong address) => m.Thread.Load<long>(address);

    private static (Errno Error, ulong Address) Remap(
        TestMachine m, ulong address, ulong pages, ulong newPages, RemapFlags flags, ulong target = 0)
    {
        Errno error = m.Mm.Remap(address, pages * Size, newPages * Size, flags, target, out VirtualAddress result);
        return (error, result);
    }
}
