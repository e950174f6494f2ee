namespace GpuSvm.Mm.Tests;

/// <summary>Huge pages come by faults, and what changes a part of one splits it.</summary>
public sealed class HugePageFaultTests : IDisposable
{
    private const ulong Block = 4 * HugePage.Size;
    private const ulong Size = TestMachine.PageSize;
    private static readonly AddressSpaceOptions Always = new() { HugePages = HugePagePolicy.Always };
    private TestMachine _m = new(options: Always);

    private CpuPageTable Table => _m.Mm.PageTable;

    public void Dispose() => _m.Dispose();

    [Fact]
    public void A_write_to_an_untouched_block_enters_a_huge_page_that_reads_as_zero_elsewhere()
    {
        _m.MapAt(Block, 512);
        _m.Thread.Store(Block + (9 * Size) + 8, 7);

        CpuPte first = Table.Read(Block);
        CpuPte touched = Table.Read(Block + (9 * Size));
        Assert.Equal((true, true, true, true, first.Frame + 9), (touched.IsHuge, touched.IsWritable, touched.IsAccessed, touched.IsDirty, touched.Frame));
        Assert.Equal((512L, 1, 1, FrameFlags.Huge | FrameFlags.AnonExclusive), (
            _m.Frames.AllocatedFrames, _m.Frames.ReferenceCount(first.Frame), _m.Frames.MapCount(first.Frame), _m.Frames.FlagsOf(first.Frame)));
        Assert.Equal((7, 0, 0), (
            _m.Thread.Load<int>(Block + (9 * Size) + 8), _m.Thread.Load<int>(Block), _m.Thread.Load<int>(Block + HugePage.Size - 4)));
        Assert.Equal(Errno.None, _m.Unmap(Block, 512));
        Assert.Equal(0L, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_read_maps_the_zero_page_512_times_by_one_entry_and_a_write_replaces_it_by_a_huge_page()
    {
        _m.MapAt(Block, 512);
        Assert.Equal(0, _m.Thread.Load<int>(Block + (5 * Size)));
        Assert.Equal(0L, _m.Frames.AllocatedFrames);
        CpuPte zero = Table.Read(Block + (511 * Size));
        Assert.Equal((true, _m.Frames.ZeroFrame, false, false), (zero.IsHuge, zero.Frame, zero.IsWritable, zero.IsDirty));

        var mirror = new RecordingMirror("a");
        var notifier = new IntervalNotifier(mirror);
        _m.Mm.Notifiers.Insert(notifier, new AddressRange(0UL, 1UL << 30));
        _m.Thread.Store(Block + (5 * Size), 3);

        Assert.Equal([$"a {HugePage.BlockAt(Block)} Clear"], mirror.Log);
        CpuPte own = Table.Read(Block);
        Assert.Equal((true, true, own.Frame + 511), (own.IsHuge, own.IsWritable, Table.Read(Block + (511 * Size)).Frame));
        Assert.Equal((512L, 3, 0), (_m.Frames.AllocatedFrames, _m.Thread.Load<int>(Block + (5 * Size)), _m.Thread.Load<int>(Block + (4 * Size))));
        _m.Mm.Notifiers.Remove(notifier);
    }

    [Theory]
    [InlineData(HugePagePolicy.Never, Block, 512UL, "small")]
    [InlineData(HugePagePolicy.Advised, Block, 512UL, "small")]
    [InlineData(HugePagePolicy.Always, Block, 511UL, "small")]
    [InlineData(HugePagePolicy.Always, Block + Size, 1022UL, "small")]
    [InlineData(HugePagePolicy.Always, Block - Size, 514UL, "huge")]
    [InlineData(HugePagePolicy.Always, Block, 512UL, "huge")]
    public void Only_a_whole_block_of_a_mapping_that_wants_it_gets_a_huge_page(HugePagePolicy policy, ulong start, ulong pages, string comes)
    {
        Renew(new TestMachine(options: new AddressSpaceOptions { HugePages = policy }));
        _m.MapAt(start, pages);
        _m.Thread.Store(Block + Size, 1);
        Assert.Equal((comes == "huge", comes == "huge" ? 512L : 1L), (Table.Read(Block + Size).IsHuge, _m.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_block_where_something_is_already_gets_single_pages()
    {
        _m.MapAt(Block, 511);
        _m.Thread.Store(Block, 1);
        _m.MapAt(Block + (511 * Size), 1);
        _m.Thread.Store(Block + Size, 1);
        Assert.Equal((false, 2L), (Table.Read(Block + Size).IsHuge, _m.Frames.AllocatedFrames));
    }

    [Fact]
    public void Without_a_block_single_pages_come_and_the_huge_zero_page_is_split()
    {
        Renew(new TestMachine(options: Always, limit: 511));
        _m.MapAt(Block, 1024);
        _m.Thread.Store(Block + HugePage.Size, 1);
        Assert.Equal((false, 1L), (Table.Read(Block + HugePage.Size).IsHuge, _m.Frames.AllocatedFrames));
        _m.Thread.Load<int>(Block);
        Assert.True(Table.Read(Block + Size).IsHuge);
        _m.Thread.Store(Block + Size, 5);
        CpuPte neighbour = Table.Read(Block + (2 * Size));
        Assert.Equal((false, _m.Frames.ZeroFrame, 2L), (neighbour.IsHuge, neighbour.Frame, _m.Frames.AllocatedFrames));
        Assert.Equal((5, 0), (_m.Thread.Load<int>(Block + Size), _m.Thread.Load<int>(Block)));
    }

    [Fact]
    public void A_store_to_a_clean_huge_page_makes_it_dirty_as_a_whole()
    {
        _m.MapAt(Block, 512, Protection.Read);
        _m.Thread.Load<int>(Block);
        _m.Protect(Block, 512, Protection.ReadWrite);
        _m.Thread.Store(Block, 1);
        Assert.Equal(Errno.None, _m.Mm.WriteProtect(Block, HugePage.Size));
        Assert.Equal((true, false, true), (Table.Read(Block).IsHuge, Table.Read(Block + Size).IsWritable, Table.Read(Block + Size).IsDirty));
        _m.Thread.Store(Block + Size, 2);
        Assert.Equal((true, true, 512L), (Table.Read(Block).IsHuge, Table.Read(Block).IsWritable, _m.Frames.AllocatedFrames));
    }

    [Theory]
    [InlineData("unmap")]
    [InlineData("protect")]
    [InlineData("discard")]
    [InlineData("writeprotect")]
    [InlineData("map")]
    public void A_change_of_a_part_splits_frames_and_entry_and_one_of_the_whole_does_not(string change)
    {
        _m.MapAt(Block, 1024);
        for (ulong page = 0; page < 1024; page++)
        {
            _m.Thread.Store(Block + (page * Size), page + 1);
        }

        FrameNumber whole = Table.Read(Block).Frame;
        FrameNumber parted = Table.Read(Block + HugePage.Size).Frame;
        Change(change, Block + HugePage.Size + (3 * Size), 4);

        Assert.Equal((true, FrameFlags.Huge), (Table.Read(Block).IsHuge, _m.Frames.FlagsOf(whole) & FrameFlags.Huge));
        bool freed = change is "unmap" or "discard" or "map";
        Assert.Equal(freed ? 1020L : 1024L, _m.Frames.AllocatedFrames);
        for (ulong page = 0; page < 512; page++)
        {
            ulong address = Block + HugePage.Size + (page * Size);
            CpuPte pte = Table.Read(address);
            if (page is >= 3 and < 7 && freed)
            {
                Assert.True(pte.IsNone);
                continue;
            }

            FrameNumber frame = parted + page;
            Assert.Equal((frame, false, true), (pte.Frame, pte.IsHuge, pte.IsDirty));
            Assert.Equal((frame, 1, 1), (_m.Frames.PageOf(frame), _m.Frames.ReferenceCount(frame), _m.Frames.MapCount(frame)));
            Assert.Equal(page + 513, _m.Thread.Load<ulong>(address));
        }

        Change(change, Block, 512);
        Assert.Equal(!freed, Table.Read(Block + Size).IsHuge);
        Assert.Equal(freed ? 508L : 1024L, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_pinned_part_outlives_the_unmapping_of_the_whole_and_of_itself()
    {
        _m.MapAt(Block, 512);
        _m.Thread.Store(Block, 1);
        FrameNumber head = Table.Read(Block).Frame;
        _m.Frames.Get(head + 4);
        _m.Unmap(Block, 8);
        Assert.Equal((1, 505L), (_m.Frames.ReferenceCount(head + 4), _m.Frames.AllocatedFrames));
        _m.Frames.Put(head + 4);
        Assert.Equal(504L, _m.Frames.AllocatedFrames);
        _m.Unmap(Block, 512);

        _m.MapAt(Block, 512);
        _m.Thread.Store(Block, 1);
        head = Table.Read(Block).Frame;
        _m.Frames.Get(head + 4);
        _m.Unmap(Block, 512);
        Assert.Equal(512L, _m.Frames.AllocatedFrames);
        _m.Frames.Put(head + 4);
    }

    [Fact]
    public void Mirrors_hear_of_the_part_that_changes_and_the_CPU_forgets_no_more()
    {
        using var memory = new SystemMemory(2048);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        var simulated = new SimulatedCpu(memory, 1);
        var cpu = new RecordingCpu(simulated);
        using var mm = new AddressSpace(frames, cpu, Always);
        Assert.Equal(Errno.None, mm.Map(Block, HugePage.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        simulated.Thread(0).Store(Block, 1);
        cpu.Log.Clear();
        AddressRange block = HugePage.BlockAt(Block);

        mm.Protect(Block, HugePage.Size, Protection.Read);
        mm.Protect(Block, HugePage.Size, Protection.None);
        mm.Protect(Block, HugePage.Size, Protection.ReadWrite);
        Assert.Equal([$"protect {block}", $"revoke {block}", $"map {block} Read"], cpu.Log);
        cpu.Log.Clear();
        AddressRange part = AddressRange.FromLength(Block + Size, Size);
        mm.Unmap(Block + Size, Size);
        mm.Unmap(Block, Size);
        Assert.Equal(
            [$"detach {part}", $"wake {part}", $"detach {AddressRange.PageAt(Block)}", $"wake {AddressRange.PageAt(Block)}"], cpu.Log);
        mm.Map(Block, HugePage.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        simulated.Thread(0).Store(Block, 1);
        cpu.Log.Clear();
        mm.Discard(Block, HugePage.Size);
        Assert.Equal([$"detach {block}", $"wake {block}"], cpu.Log);
    }

    [Fact]
    public void A_migration_of_single_pages_splits_the_huge_page_unless_it_is_locked()
    {
        _m.MapAt(Block, 512);
        _m.Thread.Store(Block + (7 * Size), 9);
        FrameNumber head = Table.Read(Block).Frame;
        Assert.True(_m.Frames.TryLockForMigration(head + 3));
        Assert.Equal((Errno.None, 0), _m.Migrate(Block, 8));
        Assert.True(Table.Read(Block).IsHuge);
        _m.Frames.UnlockMigrated(head + 3);
        Assert.Equal((Errno.None, 8), _m.Migrate(Block, 8));
        Assert.Equal((false, false, 9), (Table.Read(Block).IsHuge, _m.Frames.IsLocked(head + 100), _m.Thread.Load<int>(Block + (7 * Size))));
    }

    private void Change(string change, ulong address, ulong pages) => Assert.Equal(Errno.None, change switch
    {
        "unmap" => _m.Unmap(address, pages),
        "protect" => _m.Protect(address, pages, Protection.Read),
        "discard" => _m.Mm.Discard(address, pages * Size),
        "writeprotect" => _m.Mm.WriteProtect(address, pages * Size),
        _ => _m.MapAt(address, pages),
    });

    private void Renew(TestMachine machine)
    {
        _m.Dispose();
        _m = machine;
    }
}
