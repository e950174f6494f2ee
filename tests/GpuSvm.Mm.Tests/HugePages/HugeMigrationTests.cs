namespace GpuSvm.Mm.Tests;

/// <summary>Huge pages that move as one, and those that are split on the way.</summary>
public sealed class HugeMigrationTests : IDisposable
{
    private const ulong Block = 4 * HugePage.Size;
    private const ulong Size = TestMachine.PageSize;
    private const MigrateSelect Whole = MigrateSelect.System | MigrateSelect.Compound;
    private readonly TestMachine _m;

    public HugeMigrationTests() => _m = Machine();

    private CpuPageTable Table => _m.Mm.PageTable;

    public void Dispose() => _m.Dispose();

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void A_huge_page_moves_to_the_device_and_home_as_one(DevicePageKind kind)
    {
        var device = new TestDevice(_m.Frames, kind, 512);
        Fill();
        FrameNumber old = Table.Read(Block).Frame;

        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Block, 512, Whole));

        CpuPte there = Table.Read(Block + (7 * Size));
        bool isPrivate = kind == DevicePageKind.Private;
        Assert.Equal((true, isPrivate, !isPrivate, device.Pagemap.FirstFrame + 7), (there.IsHuge, there.IsDevicePrivate, there.IsPresent, there.Frame));
        Assert.Equal((Protection.ReadWrite, true, 0L, 512L), (there.KeptRights, there.IsDirty, _m.Frames.AllocatedFrames, device.Pagemap.UsedFrames));
        Assert.Equal((1, 1, false), Counts(device.Pagemap.FirstFrame));
        Assert.Equal((0, false), (_m.Frames.ReferenceCount(old), _m.Frames.IsLocked(old)));
        Assert.Equal((1UL, 512UL), (device.Word(device.Pagemap.FirstFrame), device.Word(device.Pagemap.FirstFrame + 511)));

        Assert.Equal((Errno.None, 1), device.MoveOut(_m.Mm, Block, 512, MigrateSelect.Compound));
        Assert.Equal((true, true, 512L, 0L), (
            Table.Read(Block).IsHuge, Table.Read(Block).IsWritable, _m.Frames.AllocatedFrames, device.Pagemap.UsedFrames));
        Assert.Equal((1, 1, false), Counts(Table.Read(Block).Frame));
        Check();
        Assert.Equal((0, 0), (device.Faults.Count, device.Splits.Count));
    }

    [Fact]
    public void The_word_of_the_first_page_stands_for_all()
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        FrameNumber head = Table.Read(Block).Frame;
        MigrateVma migration = device.Begin(_m.Mm, Block, 512, Whole, out Errno error);
        Assert.Equal((Errno.None, 1), (error, migration.Collected));
        MigratePfn first = migration.Source[0];
        Assert.Equal((head, true, true, true, true), (first.Frame, first.IsValid, first.Migrates, first.IsCompound, first.IsWritable));
        Assert.Equal(-1, migration.Source[1..].IndexOfAnyExcept(default(MigratePfn)));
        CpuPte moving = Table.Read(Block + Size);
        Assert.Equal((true, true, head + 1), (moving.IsMigration, moving.IsHuge, moving.Frame));
        Assert.Equal((0, 0), (migration.MigratePages(), migration.Complete()));
        Assert.Equal((true, true, head), (Table.Read(Block).IsHuge, Table.Read(Block).IsWritable, Table.Read(Block).Frame));
        Assert.Equal((1, 1, false), Counts(head));
        Check();
    }

    [Theory]
    [InlineData(0UL, 511UL, Whole)]
    [InlineData(0UL, 512UL, MigrateSelect.System)]
    [InlineData(100UL, 1UL, Whole)]
    public void Without_the_wish_or_the_whole_range_it_is_split(ulong first, ulong pages, MigrateSelect select)
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        Assert.Equal((Errno.None, (int)pages), device.MoveIn(_m.Mm, Block + (first * Size), pages, select));
        Assert.False(Table.Read(Block).IsHuge);
        Assert.Equal((512L - (long)pages, (long)pages), (_m.Frames.AllocatedFrames, device.Pagemap.UsedFrames));
        Check();
    }

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void A_device_without_a_block_gets_single_pages_and_so_does_the_system(DevicePageKind kind)
    {
        var device = new TestDevice(_m.Frames, kind, 1024);
        Fill();
        device.GivesHuge = false;
        Assert.Equal((Errno.None, 512), device.MoveIn(_m.Mm, Block, 512, Whole));
        Assert.Equal((false, 0L, 512L), (Table.Read(Block).IsHuge, _m.Frames.AllocatedFrames, device.Pagemap.UsedFrames));
        Check(device);
        Assert.Equal((Errno.None, 512), device.MoveOut(_m.Mm, Block, 512));

        _m.Mm.Advise(Block, HugePage.Size, Advice.Collapse);
        device.GivesHuge = true;
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Block, 512, Whole));
        FrameNumber head = Table.Read(Block).Frame;
        device.GivesHuge = false;
        Assert.Equal((Errno.None, 512), device.MoveOut(_m.Mm, Block, 512, MigrateSelect.Compound));
        Assert.Equal([head], device.Splits);
        Assert.Equal((false, 512L, 0L), (Table.Read(Block).IsHuge, _m.Frames.AllocatedFrames, device.Pagemap.UsedFrames));
        Check();
    }

    [Fact]
    public void Some_single_frames_take_some_of_the_pages_and_the_others_stay()
    {
        var device = new TestDevice(_m.Frames, pages: 100);
        Fill();
        Assert.Equal((Errno.None, 100), device.MoveIn(_m.Mm, Block, 512, Whole));
        Assert.Equal((412L, 100L), (_m.Frames.AllocatedFrames, device.Pagemap.UsedFrames));
        Assert.Equal((true, true), (Table.Read(Block).IsDevicePrivate, Table.Read(Block + (100 * Size)).IsWritable));
        Check();
    }

    [Theory]
    [InlineData("empty", true)]
    [InlineData("read", true)]
    [InlineData("empty", false)]
    [InlineData("read", false)]
    public void What_was_never_written_begins_in_the_device_as_one_block_of_zeros(string state, bool givesHuge)
    {
        var device = new TestDevice(_m.Frames, pages: 1024) { GivesHuge = givesHuge };
        Map();
        if (state == "read")
        {
            _m.Thread.Load<int>(Block + Size);
        }

        Assert.Equal((Errno.None, givesHuge ? 1 : 512), device.MoveIn(_m.Mm, Block, 512, Whole));

        CpuPte pte = Table.Read(Block + (9 * Size));
        Assert.Equal((givesHuge, true, 512L, 0L), (pte.IsHuge, pte.IsDevicePrivate, device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames));
        Assert.Equal((1, 1, false), Counts(pte.Frame));
        device.SetWord(pte.Frame, 5);
        Assert.Equal((5UL, 0UL), (_m.Thread.Load<ulong>(Block + (9 * Size)), _m.Thread.Load<ulong>(Block)));
        Assert.Equal((givesHuge, givesHuge ? 1 : 2), (Table.Read(Block).IsHuge, device.Faults.Count));
    }

    [Fact]
    public void A_page_that_comes_between_keeps_a_block_of_nothing_from_being_filled()
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Map();
        MigrateVma migration = device.Begin(_m.Mm, Block, 512, Whole, out _);
        Assert.Equal((1, true, false), (migration.Collected, migration.Source[0].IsCompound, migration.Source[0].IsValid));
        device.Fill(migration.Source, migration.Destination);
        MigrationSteps.Beside(() => _m.Thread.Store(Block + Size, 3));
        Assert.Equal((0, 0), (migration.MigratePages(), migration.Complete()));
        Assert.Equal((0L, 512L, default(MigratePfn)), (device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames, migration.Source[0]));
        Assert.Equal(3, _m.Thread.Load<int>(Block + Size));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_touch_of_the_CPU_brings_it_home_whole_or_splits_it(bool whole)
    {
        var device = new TestDevice(_m.Frames, pages: 512) { BringsHugeHome = whole };
        Fill();
        device.MoveIn(_m.Mm, Block, 512, Whole);

        Assert.Equal(10UL, _m.Thread.Load<ulong>(Block + (9 * Size)));

        Assert.Equal([device.Pagemap.FirstFrame + 9], device.Faults.Select(f => f.Frame));
        Assert.Equal(whole ? (0L, 512L, true) : (511L, 1L, false), (
            device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames, Table.Read(Block + (9 * Size)).IsHuge));
        Assert.Equal(whole ? [] : [device.Pagemap.FirstFrame], device.Splits);
        Assert.False(_m.Frames.IsLocked(device.Pagemap.FirstFrame) || _m.Frames.IsLocked(device.Pagemap.FirstFrame + 9));
        Check();
    }

    [Theory]
    [InlineData("locked", 3)]
    [InlineData("pinned", 0)]
    [InlineData("pinned", 3)]
    public void A_huge_page_of_which_a_part_is_locked_or_pinned_stays(string hindrance, int part)
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        FrameNumber frame = Table.Read(Block).Frame + (ulong)part;
        bool isLocked = hindrance == "locked" && _m.Frames.TryLockForMigration(frame);
        if (!isLocked)
        {
            _m.Frames.Get(frame);
        }

        Assert.Equal((Errno.None, 0), device.MoveIn(_m.Mm, Block, 512, Whole));
        Assert.Equal((true, true), (Table.Read(Block).IsHuge, Table.Read(Block).IsWritable));
        if (isLocked)
        {
            _m.Frames.UnlockMigrated(frame);
        }
        else
        {
            _m.Frames.Put(frame);
        }

        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Block, 512, Whole));
    }

    [Theory]
    [InlineData(false, 0UL, 4UL)]
    [InlineData(true, 0UL, 4UL)]
    [InlineData(false, 100UL, 1UL)]
    [InlineData(true, 100UL, 1UL)]
    [InlineData(false, 0UL, 512UL)]
    [InlineData(true, 0UL, 512UL)]
    public void What_is_unmapped_meanwhile_is_gone_and_the_rest_moves_page_by_page(bool late, ulong first, ulong pages)
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        MigrateVma migration = device.Begin(_m.Mm, Block, 512, Whole, out _);
        device.Fill(migration.Source, migration.Destination);
        int left = late ? migration.MigratePages() : 0;
        MigrationSteps.Beside(() => _m.Unmap(Block + (first * Size), pages));
        left = late ? left : migration.MigratePages();
        int moved = migration.Complete();

        int rest = 512 - (int)pages;
        Assert.Equal((late ? 1 : rest, rest), (left, moved));
        Assert.Equal((0L, (long)rest, rest), (
            _m.Frames.AllocatedFrames, device.Pagemap.UsedFrames, migration.Source.ToArray().Count(pfn => pfn.Migrates)));
        for (ulong i = 0; i < 512; i++)
        {
            bool isGone = i >= first && i < first + pages;
            CpuPte pte = Table.Read(Block + (i * Size));
            Assert.Equal((isGone, !isGone, false), (pte.IsNone, pte.IsDevicePrivate, pte.IsHuge));
            Assert.True(isGone || Counts(pte.Frame) == (1, 1, false));
            Assert.True(isGone || _m.Thread.Load<ulong>(Block + (i * Size)) == i + 1);
        }

        Assert.Equal(0, HeldLocks.Count);
    }

    [Fact]
    public void Split_meanwhile_and_given_up_its_pages_stay_where_they_are()
    {
        Fill();
        var migration = new MigrateVma(_m.Mm, 512);
        using (_m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, migration.Setup(HugePage.BlockAt(Block), null, Whole));
        }

        FrameNumber head = migration.Source[0].Frame;
        MigrationSteps.Beside(() => _m.Protect(Block, 5, Protection.Read));
        Assert.Equal(0, migration.Complete());
        Assert.Equal((Protection.Read, Protection.ReadWrite, head + 9), (
            Table.Read(Block).Rights, Table.Read(Block + (9 * Size)).Rights, Table.Read(Block + (9 * Size)).Frame));
        Assert.Equal((1, 1, false), Counts(head + 9));
        Check();
    }

    [Fact]
    public void Changes_of_a_huge_page_in_the_device_split_it_there()
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        device.MoveIn(_m.Mm, Block, 512, Whole);
        _m.Protect(Block, 512, Protection.Read);
        Assert.Equal((true, Protection.Read), (Table.Read(Block).IsHuge, Table.Read(Block).KeptRights));
        Assert.Empty(device.Splits);
        _m.Unmap(Block + (4 * Size), 4);
        Assert.Equal([device.Pagemap.FirstFrame], device.Splits);
        Assert.Equal((508L, false, true), (device.Pagemap.UsedFrames, Table.Read(Block).IsHuge, Table.Read(Block).IsDevicePrivate));
        Assert.Equal(9UL, _m.Thread.Load<ulong>(Block + (8 * Size)));
        _m.Unmap(Block, 512);
        Assert.Equal((0L, 0L), (device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_range_fault_tells_the_owner_of_the_whole_block_and_brings_it_home_for_another()
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        device.MoveIn(_m.Mm, Block, 512, Whole);
        var notifier = new IntervalNotifier(new RecordingMirror("a"));
        _m.Mm.Notifiers.Insert(notifier, HugePage.BlockAt(Block));
        HmmPfn[] pfns = new HmmPfn[512];
        Assert.Equal(Errno.None, Ask(notifier, pfns, device.Owner, HmmPfn.RequestFault | HmmPfn.RequestWrite));
        Assert.All(Enumerable.Range(0, 512), i => Assert.Equal(
            (9, device.Pagemap.FirstFrame + (ulong)i, true), (pfns[i].Order, pfns[i].Frame, pfns[i].IsWritable)));
        Assert.Equal(Errno.None, Ask(notifier, pfns, new object(), default));
        Assert.All(pfns, pfn => Assert.Equal(default, pfn));
        Assert.Equal(Errno.EBUSY, Ask(notifier, pfns, new object(), HmmPfn.RequestFault));
        Assert.Equal((true, true, 1), (Table.Read(Block).IsHuge, Table.Read(Block).IsWritable, device.Faults.Count));
        _m.Mm.Notifiers.Remove(notifier);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_memory_of_a_device_is_emptied_of_huge_pages(bool givesHuge)
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        device.MoveIn(_m.Mm, Block, 512, Whole);
        device.GivesHuge = givesHuge;
        var migration = new MigrateFrames(_m.Frames, 512);

        Assert.Equal(1, migration.Setup(device.Pagemap.FirstFrame, 512));
        Assert.Equal((true, true), (migration.Source[0].IsCompound, Table.Read(Block).IsMigration));
        device.Empty(migration.Source, migration.Destination);
        int count = givesHuge ? 1 : 512;
        Assert.Equal((count, count), (migration.MigratePages(), migration.Complete()));

        Assert.Equal((0L, 512L, givesHuge), (device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames, Table.Read(Block).IsHuge));
        Assert.Equal((1, 1, false), Counts(Table.Read(Block).Frame));
        Check();
        Assert.Empty(device.Faults);
    }

    [Fact]
    public void A_part_of_a_huge_page_is_emptied_by_itself_after_a_split()
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        device.MoveIn(_m.Mm, Block, 512, Whole);
        var migration = new MigrateFrames(_m.Frames, 512);
        Assert.Equal(10, migration.Setup(device.Pagemap.FirstFrame + 30, 10));
        device.Empty(migration.Source, migration.Destination);
        Assert.Equal((10, 10), (migration.MigratePages(), migration.Complete()));
        Assert.Equal((502L, 10L, 1), (device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames, device.Splits.Count));
        Check();
    }

    [Fact]
    public void A_pinned_huge_page_is_not_emptied_and_one_without_a_destination_stays()
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        device.MoveIn(_m.Mm, Block, 512, Whole);
        FrameNumber head = device.Pagemap.FirstFrame;
        var migration = new MigrateFrames(_m.Frames, 512);
        _m.Frames.Get(head + 5);
        Assert.Equal((0, 0), (migration.Setup(head, 512), migration.Complete()));
        Assert.Equal((true, true, false), (Table.Read(Block).IsHuge, Table.Read(Block).IsDevicePrivate, _m.Frames.IsLocked(head)));
        _m.Frames.Put(head + 5);
        Assert.Equal((1, 0, 0), (migration.Setup(head, 512), migration.MigratePages(), migration.Complete()));
        Assert.Equal((1, 1, false), Counts(head));
        Check();
    }

    [Fact]
    public void Unmapped_in_part_while_it_is_emptied_the_rest_comes_home_page_by_page()
    {
        var device = new TestDevice(_m.Frames, pages: 512);
        Fill();
        device.MoveIn(_m.Mm, Block, 512, Whole);
        var migration = new MigrateFrames(_m.Frames, 512);
        Assert.Equal(1, migration.Setup(device.Pagemap.FirstFrame, 512));
        device.Empty(migration.Source, migration.Destination);
        Assert.Equal(1, migration.MigratePages());
        MigrationSteps.Beside(() => _m.Unmap(Block, 12));
        Assert.Equal(500, migration.Complete());
        Assert.Equal((0L, 500L, 0), (device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames, HeldLocks.Count));
        Assert.Equal(13UL, _m.Thread.Load<ulong>(Block + (12 * Size)));
        Assert.Equal((1, 1, false), Counts(Table.Read(Block + (12 * Size)).Frame));
    }

    private static TestMachine Machine() => new(
        frames: 8 * 512, pooled: 6 * 512, options: new AddressSpaceOptions { HugePages = HugePagePolicy.Always });

    private (int References, int Maps, bool IsLocked) Counts(FrameNumber frame) =>
        (_m.Frames.ReferenceCount(frame), _m.Frames.MapCount(frame), _m.Frames.IsLocked(frame));

    private Errno Ask(IntervalNotifier notifier, HmmPfn[] pfns, object owner, HmmPfn defaults)
    {
        Assert.True(notifier.TryReadBegin(Clock.Monotonic.After(Deadline.Default), out long sequence));
        using (_m.Mm.MmapLock.EnterShared())
        {
            var range = new HmmRange
            {
                Notifier = notifier,
                Sequence = sequence,
                Range = HugePage.BlockAt(Block),
                Pfns = pfns,
                DefaultFlags = defaults,
                Owner = owner,
            };
            return HmmRangeFault.Fault(_m.Mm, ref range);
        }
    }

    private void Map() => Assert.Equal(Errno.None, _m.MapAt(Block, 512));

    private void Fill()
    {
        Map();
        for (ulong i = 0; i < 512; i++)
        {
            _m.Thread.Store(Block + (i * Size), i + 1);
        }

        Assert.True(Table.Read(Block).IsHuge);
    }

    private void Check(TestDevice? device = null)
    {
        for (ulong i = 0; i < 512; i++)
        {
            ulong address = Block + (i * Size);
            Assert.Equal(i + 1, device?.Word(Table.Read(address).Frame) ?? _m.Thread.Load<ulong>(address));
        }
    }
}
