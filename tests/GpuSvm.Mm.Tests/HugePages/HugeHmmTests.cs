namespace GpuSvm.Mm.Tests;

/// <summary>What hmm_range_fault says of huge pages.</summary>
public sealed class HugeHmmTests : IDisposable
{
    private const ulong Block = 4 * HugePage.Size;
    private const ulong Size = TestMachine.PageSize;
    private const ulong Valid = 1UL << 63;
    private const ulong Write = 1UL << 62;
    private const ulong Sticky = 7UL << 58;
    private const ulong Order9 = 9UL << 53;
    private readonly TestMachine _m = new(options: new AddressSpaceOptions { HugePages = HugePagePolicy.Always });
    private readonly IntervalNotifier _notifier = new(new RecordingMirror("a"));

    public HugeHmmTests()
    {
        _m.Mm.Notifiers.Insert(_notifier, new AddressRange(0UL, 1UL << 30));
        _m.MapAt(Block, 512);
    }

    public void Dispose()
    {
        _m.Mm.Notifiers.Remove(_notifier);
        _m.Dispose();
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(3, 17)]
    [InlineData(505, 7)]
    [InlineData(511, 1)]
    public void Every_page_has_order_9_the_next_frame_and_its_sticky_bits(int first, int count)
    {
        _m.Thread.Store(Block, 1);
        FrameNumber head = _m.Mm.PageTable.Read(Block).Frame;
        HmmPfn[] pfns = [.. Enumerable.Range(0, count).Select(i => new HmmPfn(i % 3 == 0 ? Sticky | 99 : Write))];
        Assert.Equal(Errno.None, Fault(pfns, HmmPfn.RequestFault | HmmPfn.RequestWrite, first));
        for (int i = 0; i < count; i++)
        {
            Assert.Equal((i % 3 == 0 ? Sticky : 0) | Valid | Write | Order9 | (head.Value + (ulong)(first + i)), pfns[i].Bits);
            Assert.Equal(512 - first - i, pfns[i].PagesOfBlock(512));
        }
    }

    [Fact]
    public void A_request_for_an_untouched_block_faults_the_huge_page_in()
    {
        HmmPfn[] pfns = new HmmPfn[512];
        Assert.Equal(Errno.None, Fault(pfns, HmmPfn.RequestFault | HmmPfn.RequestWrite));
        FrameNumber head = _m.Mm.PageTable.Read(Block).Frame;
        Assert.Equal(Enumerable.Range(0, 512).Select(i => Valid | Write | Order9 | (head.Value + (ulong)i)), pfns.Select(p => p.Bits));
        Assert.Equal(512L, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_read_only_huge_page_says_so_and_becomes_writable_when_that_is_wanted()
    {
        _m.Thread.Store(Block, 1);
        ulong head = _m.Mm.PageTable.Read(Block).Frame.Value;
        _m.Protect(Block, 512, Protection.Read);
        HmmPfn[] pfns = new HmmPfn[4];
        Assert.Equal(Errno.None, Fault(pfns, HmmPfn.RequestFault));
        Assert.Equal([Valid | Order9 | head, Valid | Order9 | (head + 1), Valid | Order9 | (head + 2), Valid | Order9 | (head + 3)], pfns.Select(p => p.Bits));
        Assert.Equal(Errno.EPERM, Fault(pfns, HmmPfn.RequestFault | HmmPfn.RequestWrite));
        _m.Protect(Block, 512, Protection.ReadWrite);
        Assert.Equal(Errno.None, Fault(pfns, HmmPfn.RequestFault | HmmPfn.RequestWrite));
        Assert.Equal(Valid | Write | Order9 | (head + 3), pfns[3].Bits);
    }

    [Fact]
    public void The_huge_zero_page_is_512_single_pages_for_a_device()
    {
        HmmPfn[] pfns = new HmmPfn[512];
        Assert.Equal(Errno.None, Fault(pfns, HmmPfn.RequestFault));
        Assert.All(pfns, pfn => Assert.Equal(Valid | _m.Frames.ZeroFrame.Value, pfn.Bits));
        Assert.Equal((0L, 1), (_m.Frames.AllocatedFrames, pfns[0].PagesOfBlock(512)));
        Assert.True(_m.Mm.PageTable.Read(Block).IsHuge);
    }

    [Fact]
    public void After_a_split_the_pages_stand_for_themselves()
    {
        _m.Thread.Store(Block, 1);
        ulong head = _m.Mm.PageTable.Read(Block).Frame.Value;
        _m.Protect(Block, 1, Protection.Read);
        HmmPfn[] pfns = new HmmPfn[512];
        Assert.Equal(Errno.None, Fault(pfns, default));
        Assert.Equal(Enumerable.Range(0, 512).Select(i => Valid | (i == 0 ? 0 : Write) | (head + (ulong)i)), pfns.Select(p => p.Bits));
    }

    private Errno Fault(HmmPfn[] pfns, HmmPfn defaults, int first = 0)
    {
        Assert.True(_notifier.TryReadBegin(Clock.Monotonic.After(Deadline.Default), out long sequence));
        using (_m.Mm.MmapLock.EnterShared())
        {
            var range = new HmmRange
            {
                Notifier = _notifier,
                Sequence = sequence,
                Range = AddressRange.FromLength(Block + ((ulong)first * Size), (ulong)pfns.Length * Size),
                Pfns = pfns,
                DefaultFlags = defaults,
            };
            return HmmRangeFault.Fault(_m.Mm, ref range);
        }
    }
}
