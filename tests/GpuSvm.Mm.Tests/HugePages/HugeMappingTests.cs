namespace GpuSvm.Mm.Tests;

/// <summary>Huge pages and advice, remapping, pins, and devices that want a page alone.</summary>
public sealed class HugeMappingTests : IDisposable
{
    private const ulong Block = 4 * HugePage.Size;
    private const ulong Size = TestMachine.PageSize;
    private readonly TestMachine _m = new();

    private CpuPageTable Table => _m.Mm.PageTable;

    public void Dispose() => _m.Dispose();

    [Fact]
    public void Advice_says_where_huge_pages_come_and_cuts_none_in_two_mappings()
    {
        _m.MapAt(Block, 1024);
        _m.Thread.Store(Block, 1);
        Assert.False(Table.Read(Block).IsHuge);
        Assert.Equal(Errno.None, _m.Mm.Advise(Block, 2 * HugePage.Size, Advice.HugePage));
        _m.Thread.Store(Block + HugePage.Size, 2);
        Assert.True(Table.Read(Block + HugePage.Size).IsHuge);

        Assert.Equal(Errno.None, _m.Mm.Advise(Block + HugePage.Size, HugePage.Size, Advice.NoHugePage));
        Assert.True(Table.Read(Block + HugePage.Size).IsHuge);
        Assert.Equal(Errno.None, _m.Mm.Advise(Block + HugePage.Size + Size, Size, Advice.DontFork));
        Assert.False(Table.Read(Block + HugePage.Size).IsHuge);
        _m.Mm.Discard(Block + HugePage.Size, HugePage.Size);
        _m.Thread.Store(Block + HugePage.Size, 2);
        Assert.Equal((false, 2L), (Table.Read(Block + HugePage.Size).IsHuge, _m.Frames.AllocatedFrames));
    }

    [Theory]
    [InlineData(0UL, 512UL, 8 * HugePage.Size, true)]
    [InlineData(0UL, 512UL, (8 * HugePage.Size) + Size, false)]
    [InlineData(3UL, 512UL - 3, 8 * HugePage.Size, false)]
    [InlineData(0UL, 256UL, 8 * HugePage.Size, false)]
    public void A_huge_page_moves_as_one_to_an_aligned_place_and_else_page_by_page(ulong first, ulong pages, ulong target, bool isWhole)
    {
        Fill();
        FrameNumber head = Table.Read(Block).Frame;
        const RemapFlags Fixed = RemapFlags.MayMove | RemapFlags.Fixed;
        Assert.Equal(Errno.None, _m.Mm.Remap(Block + (first * Size), pages * Size, pages * Size, Fixed, target, out _));

        Assert.Equal((isWhole, isWhole, 512L), (Table.Read(target + Size).IsHuge, _m.Frames.IsHuge(head), _m.Frames.AllocatedFrames));
        for (ulong i = 0; i < 512; i++)
        {
            ulong address = i >= first && i < first + pages ? target + ((i - first) * Size) : Block + (i * Size);
            Assert.Equal((i + 1, head + i), (_m.Thread.Load<ulong>(address), Table.Read(address).Frame));
        }

        List<FrameMapping> places = [];
        _m.Frames.CopyMappings(head + first, places);
        Assert.Equal([_m.Mm.MappingOf(target)], places);
    }

    [Fact]
    public void The_parts_of_a_huge_page_that_was_moved_and_then_split_are_known_where_they_are()
    {
        const ulong Target = 8 * HugePage.Size;
        Fill();
        FrameNumber head = Table.Read(Block).Frame;
        const RemapFlags Fixed = RemapFlags.MayMove | RemapFlags.Fixed;
        Assert.Equal(Errno.None, _m.Mm.Remap(Block, HugePage.Size, HugePage.Size, Fixed, Target, out _));

        Assert.Equal(Errno.None, _m.Mm.Protect(Target + Size, Size, Protection.Read));

        List<FrameMapping> places = [];
        for (ulong i = 0; i < 512; i++)
        {
            _m.Frames.CopyMappings(head + i, places);
            Assert.Equal([_m.Mm.MappingOf(Target + (i * Size))], places);
        }

        Assert.Equal(Errno.None, _m.Mm.Unmap(Target, HugePage.Size));
        Assert.Equal(0, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_fork_splits_a_huge_page_whose_parts_are_then_copied_one_by_one()
    {
        Fill();
        FrameNumber head = Table.Read(Block).Frame;
        TestProcess child = _m.Fork();
        Assert.Equal(512, _m.Frames.AllocatedFrames);
        CpuPageTable table = child.Mm!.PageTable;
        Assert.Equal((false, false, false), (Table.Read(Block).IsHuge, table.Read(Block).IsHuge, _m.Frames.IsHuge(head)));
        Assert.Equal((head + 7, 2), (table.Read(Block + (7 * Size)).Frame, _m.Frames.MapCount(head + 7)));
        child.Thread.Store(Block + (7 * Size), 1000UL);
        Assert.Equal((8UL, 1000UL), (_m.Thread.Load<ulong>(Block + (7 * Size)), child.Thread.Load<ulong>(Block + (7 * Size))));
        Assert.Equal(513, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_pin_of_a_part_keeps_the_frame_through_split_and_unmap()
    {
        Fill();
        FrameNumber head = Table.Read(Block).Frame;
        using (_m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, _m.Mm.TryPin(Block + (5 * Size), CpuAccess.Write, out FrameNumber pinned));
            Assert.Equal(head + 5, pinned);
        }

        _m.Protect(Block, 1, Protection.Read);
        Assert.Equal((1, 2), (_m.Frames.ReferenceCount(head), _m.Frames.ReferenceCount(head + 5)));
        _m.Unmap(Block, 512);
        Assert.Equal(1L, _m.Frames.AllocatedFrames);
        _m.Frames.Put(head + 5);
    }

    [Fact]
    public void A_device_gets_a_page_alone_out_of_a_huge_page_which_is_split_for_it()
    {
        Fill();
        using (_m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, DeviceExclusive.TryMake(_m.Mm, Block + (7 * Size), null, out FrameNumber frame));
            Assert.Equal((true, false, true), (
                Table.Read(Block + (7 * Size)).IsDeviceExclusive, Table.Read(Block).IsHuge, Table.Read(Block).IsWritable));
            Assert.Equal((true, false), (_m.Frames.IsLocked(frame), _m.Frames.IsLocked(Table.Read(Block).Frame)));
            _m.Frames.Unlock(frame);
            _m.Frames.Put(frame);
        }

        Assert.Equal(8UL, _m.Thread.Load<ulong>(Block + (7 * Size)));
    }

    private void Fill()
    {
        _m.MapAt(Block, 512);
        Assert.Equal(Errno.None, _m.Mm.Advise(Block, HugePage.Size, Advice.HugePage));
        for (ulong i = 0; i < 512; i++)
        {
            _m.Thread.Store(Block + (i * Size), i + 1);
        }

        Assert.True(Table.Read(Block).IsHuge);
    }
}
