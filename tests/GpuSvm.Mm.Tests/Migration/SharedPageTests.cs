using static GpuSvm.Mm.Tests.MigrationSteps;

namespace GpuSvm.Mm.Tests;

/// <summary>Pages that two address spaces map move in both, by address and by frame.</summary>
public sealed class SharedPageTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void A_page_that_two_address_spaces_map_moves_in_both_and_home(DevicePageKind kind)
    {
        using var m = new TestMachine(pooled: 3000);
        var device = new TestDevice(m.Frames, kind);
        TestProcess other = Share(m, out FrameNumber home);
        Assert.Equal((2, 2), Counts(m, home));

        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base, 1));

        CpuPte mine = Entry(m.Mm);
        Assert.Equal(mine.WithRights(Protection.Read), Entry(other.Mm!).Touched(CpuAccess.Write));
        Assert.Equal((kind == DevicePageKind.Private, 2, 2), (mine.IsDevicePrivate, Counts(m, mine.Frame).References, Counts(m, mine.Frame).Maps));
        Assert.Equal((0, 0), Counts(m, home));
        Assert.False(m.Frames.IsLocked(mine.Frame));

        // A touch in either space brings it home for both.
        Assert.Equal(42UL, other.Thread.Load<ulong>(Base));
        Assert.Equal((Errno.None, kind == DevicePageKind.Coherent ? 1 : 0), device.MoveOut(m.Mm, Base, 1));
        Assert.Equal(Entry(m.Mm).Frame, Entry(other.Mm!).Frame);
        Assert.Equal((2, 2), Counts(m, Entry(m.Mm).Frame));
        Assert.Equal((0L, 1L, 42UL), (device.Pagemap.UsedFrames, m.Frames.AllocatedFrames, m.Thread.Load<ulong>(Base)));
    }

    [Fact]
    public void A_page_that_two_address_spaces_map_moves_between_frames_of_the_system()
    {
        using var m = new TestMachine();
        TestProcess other = Share(m, out FrameNumber home);
        var told = new OwnerNotifier();
        other.Mm!.Notifiers.AddPlain(told);

        Assert.Equal((Errno.None, 1), m.Migrate(Base, 1));

        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Clear)], told.Log);
        FrameNumber moved = Entry(m.Mm).Frame;
        Assert.Equal((moved, (2, 2), (0, 0)), (Entry(other.Mm).Frame, Counts(m, moved), Counts(m, home)));
        Assert.False(m.Frames.IsLocked(moved));
        Assert.Equal((42UL, 42UL), (m.Thread.Load<ulong>(Base), other.Thread.Load<ulong>(Base)));
        other.Mm.Notifiers.RemovePlain(told);
    }

    [Fact]
    public void A_page_that_someone_refers_to_stays_in_both()
    {
        using var m = new TestMachine();
        TestProcess other = Share(m, out FrameNumber home);
        CpuPte[] before = [Entry(m.Mm), Entry(other.Mm!)];
        m.Frames.Get(home);

        Assert.Equal((Errno.None, 0), m.Migrate(Base, 1));

        Assert.Equal<IEnumerable<CpuPte>>(before, [Entry(m.Mm), Entry(other.Mm!)]);
        m.Frames.Put(home);
        Assert.Equal((2, 2), Counts(m, home));
    }

    [Fact]
    public void A_page_that_a_device_has_for_itself_elsewhere_moves_and_is_nobodys_alone_any_more()
    {
        using var m = new TestMachine();
        TestProcess other = Share(m, out FrameNumber home);
        CpuLeaf leaf = other.Mm!.PageTable.Find(Base)!;
        using (leaf.Lock.Enter())
        {
            leaf.BeginExclusive(Base);
        }

        Assert.Equal((Errno.None, 1), m.Migrate(Base, 1));

        FrameNumber moved = Entry(m.Mm).Frame;
        Assert.Equal((moved, true, (2, 2)), (Entry(other.Mm).Frame, Entry(other.Mm).IsPresent, Counts(m, moved)));
        Assert.Equal(((0, 0), false), (Counts(m, home), m.Frames.IsLocked(moved)));
        Assert.Equal(42UL, other.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void A_page_that_a_device_has_for_itself_is_moved_by_its_frame()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        FrameNumber home = Entry(m.Mm).Frame;
        CpuLeaf leaf = m.Mm.PageTable.Find(Base)!;
        using (leaf.Lock.Enter())
        {
            leaf.BeginExclusive(Base);
        }

        var migration = new MigrateFrames(m.Frames, 1);
        Beside(() =>
        {
            Assert.Equal(1, migration.Setup([home]));
            Assert.Equal(Errno.None, m.Frames.TryAllocate(out FrameNumber frame));
            m.Frames.Copy(home, frame);
            migration.Destination[0] = MigratePfn.Of(frame);
            Assert.Equal((1, 1), (migration.MigratePages(), migration.Complete()));
        });

        Assert.Equal((true, 42UL, (0, 0)), (Entry(m.Mm).IsPresent, m.Thread.Load<ulong>(Base), Counts(m, home)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_one_of_the_two_unmaps_it_meanwhile_the_other_keeps_its_bytes(bool isOther)
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        TestProcess other = Share(m, out FrameNumber home);
        var migration = new MigrateVma(m.Mm, 1);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 1));
        Assert.True(Entry(other.Mm!).IsMigration);
        device.Fill(migration.Source, migration.Destination);
        Assert.Equal(1, migration.MigratePages());

        Beside(() => Assert.Equal(Errno.None, (isOther ? other.Mm! : m.Mm).Unmap(Base, Size)));

        Assert.Equal(isOther ? 1 : 0, migration.Complete());
        CpuPte left = Entry(isOther ? m.Mm : other.Mm!);
        Assert.Equal((true, (1, 1), (0, 0)), (left.IsDevicePrivate, Counts(m, left.Frame), Counts(m, home)));
        Assert.Equal(42UL, (isOther ? m.Thread : other.Thread).Load<ulong>(Base));
    }

    [Fact]
    public void Frames_of_a_device_are_emptied_without_an_address()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames, pages: 8);
        TestProcess other = Share(m, out _);
        m.MapAt(Base + (16 * Size), 3);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base, 1));
        Assert.Equal((Errno.None, 3), device.MoveIn(m.Mm, Base + (16 * Size), 3));
        FrameNumber locked = m.Mm.PageTable.Read(Base + (16 * Size)).Frame;
        FrameNumber pinned = m.Mm.PageTable.Read(Base + (17 * Size)).Frame;
        m.Frames.Lock(locked);
        m.Frames.Get(pinned);
        var migration = new MigrateFrames(m.Frames, 8);

        int collected = 0;
        int moved = 0;
        Beside(() =>
        {
            collected = migration.Setup(device.Pagemap.FirstFrame, 8);
            Assert.True(Entry(m.Mm).IsMigration && Entry(other.Mm!).IsMigration);
            device.Empty(migration.Source, migration.Destination);
            Assert.Equal(2, migration.MigratePages());
            moved = migration.Complete();
            Assert.Equal(0, HeldLocks.Count);
        });
        m.Frames.Unlock(locked);
        m.Frames.Put(pinned);

        Assert.Equal((2, 2, 2L), (collected, moved, device.Pagemap.UsedFrames));
        Assert.Equal((Entry(m.Mm).Frame, (2, 2), 0), (Entry(other.Mm!).Frame, Counts(m, Entry(m.Mm).Frame), device.Faults.Count));
        Assert.Equal((42UL, 42UL), (m.Thread.Load<ulong>(Base), other.Thread.Load<ulong>(Base)));
        Assert.True(m.Mm.PageTable.Read(Base + (18 * Size)).IsWritable);
        Assert.Equal(2, migration.Setup([locked, pinned]));
        device.Empty(migration.Source, migration.Destination);
        Assert.Equal((2, 2, 0L), (migration.MigratePages(), migration.Complete(), device.Pagemap.UsedFrames));
    }

    [Fact]
    public void Frames_without_a_destination_stay_and_so_do_all_without_the_second_step()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames, pages: 2);
        m.MapAt(Base, 2);
        m.Thread.Store(Base, 1UL);
        Assert.Equal((Errno.None, 2), device.MoveIn(m.Mm, Base, 2));
        CpuPte[] before = [Entry(m.Mm), m.Mm.PageTable.Read(Base + Size)];
        var migration = new MigrateFrames(m.Frames, 2);

        Assert.Equal(2, migration.Setup(device.Pagemap.FirstFrame, 2));
        Assert.Equal((0, 0), (migration.MigratePages(), migration.Complete()));
        Assert.Equal(2, migration.Setup(device.Pagemap.FirstFrame, 2));
        device.Empty(migration.Source, migration.Destination);
        Assert.Equal(0, migration.Complete());

        Assert.Equal<IEnumerable<CpuPte>>(before, [Entry(m.Mm), m.Mm.PageTable.Read(Base + Size)]);
        Assert.Equal((2L, 0L), (device.Pagemap.UsedFrames, m.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_page_that_is_unmapped_while_its_frame_is_emptied_is_freed()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames, pages: 1);
        m.MapAt(Base, 1);
        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base, 1));
        var migration = new MigrateFrames(m.Frames, 1);
        Assert.Equal(1, migration.Setup(device.Pagemap.FirstFrame, 1));
        device.Empty(migration.Source, migration.Destination);
        migration.MigratePages();

        Beside(() => m.Unmap(Base, 1));

        Assert.Equal((0, 0L, 0L), (migration.Complete(), device.Pagemap.UsedFrames, m.Frames.AllocatedFrames));
    }

    [Fact]
    public void Frames_that_do_not_exist_and_steps_out_of_order_are_refused()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames, pages: 1);
        var migration = new MigrateFrames(m.Frames, 2);

        Assert.Throws<ArgumentOutOfRangeException>(() => migration.Setup(device.Pagemap.FirstFrame, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => migration.Setup(device.Pagemap.FirstFrame, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => migration.Setup(device.Pagemap.FirstFrame, 3));
        Assert.Throws<InvalidOperationException>(() => migration.MigratePages());
        Assert.Throws<InvalidOperationException>(() => migration.Complete());
        Assert.Equal(0, migration.Setup([device.Pagemap.FirstFrame, m.Frames.ZeroFrame]));
        Assert.Throws<InvalidOperationException>(() => migration.Setup(device.Pagemap.FirstFrame, 1));
        Assert.Equal(0, migration.Complete());
    }

    /// <summary>Has another process map the one page of the first, for reading, as a fork would.</summary>
    private static TestProcess Share(TestMachine m, out FrameNumber frame)
    {
        m.MapAt(Base, 1);
        m.Thread.Store(Base, 42UL);
        frame = Entry(m.Mm).Frame;
        TestProcess other = m.Start();
        AddressSpace mm = other.Empty();
        mm.Map(Base, Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        CpuLeaf leaf = mm.PageTable.GetOrAdd(Base);
        using (leaf.Lock.Enter())
        {
            m.Frames.Get(frame);
            m.Frames.AddMap(frame, mm.MappingOf(Base));
            leaf.Enter(Base, CpuPte.Map(frame, Protection.Read));
        }

        return other;
    }

    private static (int References, int Maps) Counts(TestMachine m, FrameNumber frame) =>
        (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame));

    private static CpuPte Entry(AddressSpace mm) => mm.PageTable.Read(Base);
}
