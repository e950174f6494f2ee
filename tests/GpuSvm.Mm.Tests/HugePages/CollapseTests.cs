namespace GpuSvm.Mm.Tests;

/// <summary>Single pages become a huge page, or stay as they are.</summary>
public sealed class CollapseTests : IDisposable
{
    private const ulong Block = 4 * HugePage.Size;
    private const ulong Size = TestMachine.PageSize;
    private bool _open = true;
    private TestMachine _m;

    public CollapseTests() => _m = new TestMachine(gate: () => _open, options: new AddressSpaceOptions { HugePages = HugePagePolicy.Never });

    private CpuPageTable Table => _m.Mm.PageTable;

    public void Dispose() => _m.Dispose();

    [Fact]
    public void The_pages_of_a_block_are_copied_into_a_huge_page_and_mirrors_told_once()
    {
        Fill(Block, 512);
        FrameNumber old = Table.Read(Block).Frame;
        var mirror = new RecordingMirror("a");
        var notifier = new IntervalNotifier(mirror);
        _m.Mm.Notifiers.Insert(notifier, new AddressRange(0UL, 1UL << 30));

        Assert.Equal(Errno.None, Collapse(Block, 512));

        Assert.Equal([$"a {HugePage.BlockAt(Block)} Clear"], mirror.Log);
        FrameNumber head = Table.Read(Block).Frame;
        Assert.Equal((true, true, 512L, 0), (Table.Read(Block).IsHuge, Table.Read(Block).IsWritable, _m.Frames.AllocatedFrames, _m.Frames.ReferenceCount(old)));
        Assert.Equal((1, 1, false), (_m.Frames.ReferenceCount(head), _m.Frames.MapCount(head), _m.Frames.IsLocked(head)));
        Check(Block, 512);
        mirror.Log.Clear();
        Assert.Equal(Errno.None, Collapse(Block, 512));
        Assert.Empty(mirror.Log);
        _m.Mm.Notifiers.Remove(notifier);
    }

    [Fact]
    public void Holes_and_zero_pages_become_zeros_of_the_huge_page_and_all_blocks_of_a_range_are_tried()
    {
        _m.MapAt(Block - Size, 1026);
        _m.Thread.Store(Block, 1UL);
        _m.Thread.Load<int>(Block + Size);
        Assert.Equal(Errno.EINVAL, Collapse(Block - Size, 1026));
        Assert.Equal((true, false), (Table.Read(Block).IsHuge, Table.Read(Block + HugePage.Size).IsHuge));
        Assert.Equal((1UL, 0UL, 0UL, 512L), (
            _m.Thread.Load<ulong>(Block), _m.Thread.Load<ulong>(Block + Size), _m.Thread.Load<ulong>(Block + (2 * Size)), _m.Frames.AllocatedFrames));
    }

    [Theory]
    [InlineData(0UL, 512UL, Errno.ENOMEM)]
    [InlineData(513UL, 512UL, Errno.None)]
    [InlineData(513UL, 2UL, Errno.EINVAL)]
    [InlineData(512UL, 512UL, Errno.EINVAL)]
    public void Only_whole_blocks_count_and_one_where_nothing_is_there_is_refused(ulong first, ulong pages, Errno error)
    {
        _m.MapAt(Block + HugePage.Size, 1024);
        _m.Thread.Store(Block + (3 * HugePage.Size) - 8, 1);
        Assert.Equal(error, Collapse(Block + (first * Size), pages));
        Assert.Equal(1L, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void What_was_advised_against_or_is_not_anonymous_is_refused()
    {
        Fill(Block, 512);
        Assert.Equal(Errno.None, _m.Mm.Advise(Block, HugePage.Size, Advice.NoHugePage));
        Assert.Equal(Errno.EINVAL, Collapse(Block, 512));
        Assert.False(Table.Read(Block).IsHuge);
    }

    [Theory]
    [InlineData("locked", Errno.EAGAIN)]
    [InlineData("pinned", Errno.EAGAIN)]
    [InlineData("moving", Errno.EAGAIN)]
    [InlineData("refused", Errno.ENOMEM)]
    public void A_failure_changes_nothing(string hindrance, Errno error)
    {
        Renew(new TestMachine(gate: () => _open, options: new AddressSpaceOptions { Clock = new HastyClock() }));
        Fill(Block, 512);
        CpuPte[] before = [.. Enumerable.Range(0, 512).Select(i => Table.Read(Block + ((ulong)i * Size)))];
        FrameNumber frame = before[300].Frame;
        var migration = new MigrateVma(_m.Mm, 1);
        switch (hindrance)
        {
            case "locked":
                Assert.True(_m.Frames.TryLockForMigration(frame));
                break;
            case "pinned":
                _m.Frames.Get(frame);
                break;
            case "moving":
                Assert.Equal(Errno.None, migration.SetUp(_m.Mm, Block + (300 * Size), 1));
                break;
            default:
                _open = false;
                break;
        }

        Errno result = Errno.None;
        MigrationSteps.Beside(() => result = Collapse(Block, 512));
        Assert.Equal((error, 512L), (result, _m.Frames.AllocatedFrames));
        switch (hindrance)
        {
            case "locked":
                _m.Frames.UnlockMigrated(frame);
                break;
            case "pinned":
                _m.Frames.Put(frame);
                break;
            case "moving":
                migration.Complete();
                break;
            default:
                _open = true;
                break;
        }

        Assert.Equal(before, Enumerable.Range(0, 512).Select(i => Table.Read(Block + ((ulong)i * Size))));
        Assert.DoesNotContain(before, pte => _m.Frames.IsLocked(pte.Frame) || _m.Frames.ReferenceCount(pte.Frame) != 1);
        Assert.Equal(Errno.None, Collapse(Block, 512));
        Check(Block, 512);
    }

    [Fact]
    public void A_page_in_the_memory_of_a_device_that_the_CPU_reaches_stays_there()
    {
        Renew(new TestMachine(pooled: 3584));
        Fill(Block, 512);
        var device = new TestDevice(_m.Frames, DevicePageKind.Coherent);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Block + (300 * Size), 1));

        Assert.Equal(Errno.EINVAL, Collapse(Block, 512));

        Assert.Equal((false, 1L, 511L), (Table.Read(Block).IsHuge, device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames));
        Check(Block, 512);
    }

    [Fact]
    public void A_page_whose_bytes_are_lost_stays_lost()
    {
        Fill(Block, 512);
        Assert.Equal(Errno.None, _m.Mm.Advise(Block + (300 * Size), Size, Advice.Poison));

        Assert.Equal(Errno.EINVAL, Collapse(Block, 512));

        Assert.Equal((false, true, 511L), (Table.Read(Block).IsHuge, Table.Read(Block + (300 * Size)).IsPoisoned, _m.Frames.AllocatedFrames));
    }

    [Fact]
    public void Protection_decides_what_the_huge_page_may_be_used_for()
    {
        Fill(Block, 512);
        _m.Protect(Block, 512, Protection.Read);
        Assert.Equal(Errno.None, Collapse(Block, 512));
        Assert.Equal((true, false, true), (Table.Read(Block).IsHuge, Table.Read(Block).IsWritable, Table.Read(Block).IsDirty));
        Check(Block, 512);
    }

    private Errno Collapse(ulong address, ulong pages) => _m.Mm.Advise(address, pages * Size, Advice.Collapse);

    private void Fill(ulong address, ulong pages)
    {
        _m.MapAt(address, pages);
        for (ulong i = 0; i < pages; i++)
        {
            _m.Thread.Store(address + (i * Size), i + 1);
        }
    }

    private void Check(ulong address, ulong pages)
    {
        for (ulong i = 0; i < pages; i++)
        {
            Assert.Equal(i + 1, _m.Thread.Load<ulong>(address + (i * Size)));
        }
    }

    private void Renew(TestMachine machine)
    {
        _m.Dispose();
        _m = machine;
    }
}
