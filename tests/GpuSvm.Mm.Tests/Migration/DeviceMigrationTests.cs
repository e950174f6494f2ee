using static GpuSvm.Mm.Tests.MigrationSteps;

namespace GpuSvm.Mm.Tests;

/// <summary>Pages that move to a device's memory, between devices, and home.</summary>
public sealed class DeviceMigrationTests
{
    private const ulong Base = 0x1fe000;
    private const ulong Size = TestMachine.PageSize;
    private const ulong Pooled = 3000;

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void Pages_move_to_the_device_and_home_with_bytes_rights_and_marks(DevicePageKind kind)
    {
        using var m = new TestMachine(pooled: Pooled);
        var device = new TestDevice(m.Frames, kind);
        m.MapAt(Base, 4);
        CpuPte[] before = Store(m, 4);

        Assert.Equal((Errno.None, 4), device.MoveIn(m.Mm, Base, 4));

        for (int i = 0; i < 4; i++)
        {
            CpuPte there = Entry(m, i);
            Assert.Equal(Residency(kind), (there.IsDevicePrivate, there.IsPresent));
            Assert.Same(device.Pagemap, m.Frames.PagemapOf(there.Frame));
            Assert.Equal((Protection.ReadWrite, true), (there.KeptRights, there.IsDirty));
            Assert.Equal((1, 1, false), Counts(m, there.Frame));
            Assert.Equal(FrameFlags.AnonExclusive | FrameFlags.Dirty | FrameFlags.Accessed, m.Frames.FlagsOf(there.Frame));
            Assert.Equal((0, 0, false), Counts(m, before[i].Frame));
            Assert.Equal((ulong)i + 1, device.Word(there.Frame));
            device.SetWord(there.Frame, (ulong)i + 100);
        }

        Assert.Equal((0L, 4L), (m.Frames.AllocatedFrames, device.Pagemap.UsedFrames));
        Assert.Equal((Errno.None, 4), device.MoveOut(m.Mm, Base, 4));
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(
            (true, (1, 1, false)), (Entry(m, i).IsWritable && m.Frames.PagemapOf(Entry(m, i).Frame) is null, Counts(m, Entry(m, i).Frame))));
        Assert.Equal([100UL, 101UL, 102UL, 103UL], Values(m, 4));
        Assert.Equal((4L, 0L, 0), (m.Frames.AllocatedFrames, device.Pagemap.UsedFrames, device.Faults.Count));
        Assert.Equal(0, HeldLocks.Count);
    }

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void What_was_never_touched_or_only_read_begins_in_the_device_as_zero(DevicePageKind kind)
    {
        using var m = new TestMachine(pooled: Pooled);
        var device = new TestDevice(m.Frames, kind);
        var told = new RecordingMirror("other");
        var notifier = new IntervalNotifier(told);
        m.MapAt(Base, 4);
        Assert.Equal(0UL, m.Thread.Load<ulong>(Base + Size));
        m.Thread.Store(Base + (3 * Size), 7UL);
        m.Mm.Notifiers.Insert(notifier, AddressRange.FromLength(Base, 4 * Size));

        Assert.Equal((Errno.None, 4), device.MoveIn(m.Mm, Base, 4));

        Assert.Equal(["other [0x1fe000, 0x202000) Migrate", "other [0x1fe000, 0x201000) Migrate"], told.Log);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(Residency(kind), (Entry(m, i).IsDevicePrivate, Entry(m, i).IsPresent));
            Assert.Equal((1, 1, false), Counts(m, Entry(m, i).Frame));
            Assert.Equal((Protection.ReadWrite, i == 3 ? 7UL : 0UL), (Entry(m, i).KeptRights, device.Word(Entry(m, i).Frame)));
        }

        device.SetWord(Entry(m, 1).Frame, 9);
        Assert.Equal([0UL, 9UL, 0UL, 7UL], Values(m, 4));
        Assert.Equal(kind == DevicePageKind.Private ? 4 : 0, device.Faults.Count);
        m.Mm.Notifiers.Remove(notifier);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Where_nothing_was_the_page_drops_out_when_something_is_or_the_mapping_has_gone(int change)
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        m.MapAt(Base, 3);
        m.Thread.Load<ulong>(Base + Size);
        var migration = new MigrateVma(m.Mm, 3);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 3));
        Assert.Equal(3, migration.Collected);
        Assert.All(migration.Source.ToArray(), page => Assert.Equal(2UL, page.Bits));
        device.Fill(migration.Source, migration.Destination);

        Beside(() =>
        {
            switch (change)
            {
                case 0:
                    m.Cpu.Thread(1).Store(Base, 1UL);
                    m.Cpu.Thread(1).Store(Base + Size, 2UL);
                    break;
                case 1:
                    m.Unmap(Base, 3);
                    break;
                case 2:
                    m.Unmap(Base, 3);
                    m.MapAt(Base, 2);
                    break;
                default:
                    // Shared memory, whose pages are found by their index, and not by what a migration enters.
                    m.Mm.MapShared(Base, 3 * Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
                    break;
            }
        });
        int left = change == 0 ? 1 : 0;
        Assert.Equal((left, left), (migration.MigratePages(), migration.Complete()));

        Assert.Equal((long)left, device.Pagemap.UsedFrames);
        Assert.Equal(change == 0 ? [1UL, 2UL, 0UL] : [], change == 0 ? Values(m, 3) : []);
        Assert.Equal(0L, device.Pagemap.UsedFrames);
    }

    [Fact]
    public void Where_nothing_was_the_page_is_left_out_while_somebody_changes_mappings()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        m.MapAt(Base, 1);
        var migration = new MigrateVma(m.Mm, 1);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 1));
        device.Fill(migration.Source, migration.Destination);

        var isHeld = new WakeEvent();
        var isDone = new WakeEvent();
        SvmThread changer = SvmThread.Start("changer", () =>
        {
            using (m.Mm.MmapLock.EnterExclusive())
            {
                isHeld.Set();
                isDone.Wait();
            }
        });
        isHeld.Wait();
        Assert.Equal(0, migration.MigratePages());
        isDone.Set();
        changer.Join();

        Assert.Equal((0, 0L), (migration.Complete(), device.Pagemap.UsedFrames));
        Assert.True(Entry(m, 0).IsNone);
    }

    [Fact]
    public void A_page_that_began_in_the_device_and_is_unmapped_before_the_end_is_freed_and_not_counted()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        m.MapAt(Base, 1);
        var migration = new MigrateVma(m.Mm, 1);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 1));
        device.Fill(migration.Source, migration.Destination);
        Assert.Equal(1, migration.MigratePages());

        Beside(() => m.Unmap(Base, 1));

        Assert.Equal(1, device.Pagemap.UsedFrames);
        Assert.Equal((0, 0L), (migration.Complete(), device.Pagemap.UsedFrames));
    }

    [Fact]
    public void Only_pages_that_are_selected_are_collected_and_of_device_pages_only_those_of_the_owner()
    {
        using var m = new TestMachine(pooled: Pooled);
        object owner = new();
        var mine = new TestDevice(m.Frames, owner: owner);
        var mineToo = new TestDevice(m.Frames, DevicePageKind.Coherent, owner: owner);
        var other = new TestDevice(m.Frames);
        m.MapAt(Base, 5);
        Store(m, 4);
        Assert.Equal((Errno.None, 1), mine.MoveIn(m.Mm, Base, 1));
        Assert.Equal((Errno.None, 1), mineToo.MoveIn(m.Mm, Base + Size, 1));
        Assert.Equal((Errno.None, 1), other.MoveIn(m.Mm, Base + (2 * Size), 1));
        m.Thread.Load<ulong>(Base + (4 * Size));

        Assert.Equal("...SZ", Collected(m, 5, owner, MigrateSelect.System));
        Assert.Equal("P....", Collected(m, 5, owner, MigrateSelect.DevicePrivate));
        Assert.Equal(".C...", Collected(m, 5, owner, MigrateSelect.DeviceCoherent));
        Assert.Equal("..P..", Collected(m, 5, other, MigrateSelect.DevicePrivate | MigrateSelect.DeviceCoherent));
        Assert.Equal(".....", Collected(m, 5, null, MigrateSelect.DevicePrivate | MigrateSelect.DeviceCoherent));
        Assert.Equal([1UL, 2UL, 3UL, 4UL], Values(m, 4));
    }

    [Fact]
    public void A_page_moves_from_one_device_to_another_of_the_same_owner()
    {
        using var m = new TestMachine();
        object owner = new();
        var first = new TestDevice(m.Frames, owner: owner);
        var second = new TestDevice(m.Frames, owner: owner);
        m.MapAt(Base, 1);
        Store(m, 1);
        Assert.Equal((Errno.None, 1), first.MoveIn(m.Mm, Base, 1));
        var migration = new MigrateVma(m.Mm, 1);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 1, owner, MigrateSelect.DevicePrivate));
        Assert.True(second.TryTake(out migration.Destination[0]));
        second.SetWord(migration.Destination[0].Frame, first.Word(migration.Source[0].Frame));

        Assert.Equal((1, 1), (migration.MigratePages(), migration.Complete()));

        Assert.Same(second.Pagemap, m.Frames.PagemapOf(Entry(m, 0).Frame));
        Assert.Equal((0L, 1L), (first.Pagemap.UsedFrames, second.Pagemap.UsedFrames));
        Assert.Equal([1UL], Values(m, 1));
        Assert.Equal((0, 1), (first.Faults.Count, second.Faults.Count));
    }

    [Fact]
    public void Pages_that_the_device_has_no_room_for_stay()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames, pages: 2);
        m.MapAt(Base, 3);
        CpuPte[] before = Store(m, 3);

        Assert.Equal((Errno.None, 2), device.MoveIn(m.Mm, Base, 3));

        Assert.Equal(before[2], Entry(m, 2));
        Assert.Equal([1UL, 2UL, 3UL], Values(m, 3));
    }

    [Fact]
    public void Without_the_second_step_the_device_gets_its_frames_back()
    {
        using var m = new TestMachine();
        var device = new TestDevice(m.Frames);
        m.MapAt(Base, 2);
        CpuPte[] before = Store(m, 1);
        var migration = new MigrateVma(m.Mm, 2);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, 2));
        device.Fill(migration.Source, migration.Destination);

        Assert.Equal((0, 0L), (migration.Complete(), device.Pagemap.UsedFrames));

        Assert.Equal(before[0], Entry(m, 0));
        Assert.True(Entry(m, 1).IsNone);
    }

    [Fact]
    public void Pages_of_a_file_that_were_written_move_and_those_that_are_cached_stay()
    {
        using var m = new TestMachine();
        using var cache = new PageCache(m.Frames, 3);
        var device = new TestDevice(m.Frames);
        Assert.Equal(Errno.None, m.Mm.MapCache(
            Base, 3 * Size, Protection.ReadWrite, MapPlacement.Fixed, new CacheSource(cache, MapSharing.Private), out _));
        m.Thread.Store(Base, 1UL);
        m.Thread.Load<ulong>(Base + Size);

        Assert.Equal((Errno.None, 1), device.MoveIn(m.Mm, Base, 3));

        Assert.Equal((true, true, true), (Entry(m, 0).IsDevicePrivate, Entry(m, 1).IsPresent, Entry(m, 2).IsNone));
        Assert.Equal([1UL, 0UL, 0UL], Values(m, 3));
    }

    private static string Collected(TestMachine m, ulong pages, object? owner, MigrateSelect select)
    {
        var migration = new MigrateVma(m.Mm, (int)pages);
        Assert.Equal(Errno.None, migration.SetUp(m.Mm, Base, pages, owner, select));
        string letters = string.Concat(migration.Source.ToArray().Select(page =>
            !page.Migrates ? '.' : !page.IsValid ? 'Z' :
            m.Frames.PagemapOf(page.Frame) is not { } pagemap ? 'S' :
            pagemap.Kind == DevicePageKind.Private ? 'P' : 'C'));
        Assert.Equal(letters.Count(letter => letter != '.'), migration.Collected);
        Assert.Equal(0, migration.Complete());
        return letters;
    }

    private static (bool, bool) Residency(DevicePageKind kind) => (kind == DevicePageKind.Private, kind == DevicePageKind.Coherent);

    private static (int References, int Maps, bool IsLocked) Counts(TestMachine m, FrameNumber frame) =>
        (m.Frames.ReferenceCount(frame), m.Frames.MapCount(frame), m.Frames.IsLocked(frame));

    private static CpuPte Entry(TestMachine m, int page) => m.Mm.PageTable.Read(Base + ((ulong)page * Size));

    private static CpuPte[] Store(TestMachine m, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            m.Thread.Store(Base + ((ulong)i * Size), (ulong)i + 1);
        }

        return [.. Enumerable.Range(0, pages).Select(i => Entry(m, i))];
    }

    private static ulong[] Values(TestMachine m, int pages) =>
        [.. Enumerable.Range(0, pages).Select(i => m.Thread.Load<ulong>(Base + ((ulong)i * Size)))];
}
