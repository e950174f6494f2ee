namespace GpuSvm.Mm.Tests;

/// <summary>Blocks of 512 frames: how they come, are counted, split and go.</summary>
public sealed class HugeFramesTests : IDisposable
{
    private readonly SystemMemory _memory = new(4096);
    private readonly PageFrames _frames;

    public HugeFramesTests() => _frames = new PageFrames(_memory, new PageFramesOptions { PooledFrames = 4096 - 512 });

    public void Dispose()
    {
        Assert.Equal(0, _frames.AllocatedFrames);
        _frames.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void Blocks_are_aligned_and_last_until_there_is_none_and_single_frames_still_come()
    {
        // Seven blocks are pooled; the zero page has opened a chunk of two.
        FrameNumber[] heads = [.. Enumerable.Range(0, 5).Select(_ => Allocate())];
        Assert.All(heads, head => Assert.Equal(0UL, head.Value % 512));
        Assert.Equal((5, 5 * 512L), (heads.Distinct().Count(), _frames.AllocatedFrames));
        Assert.Equal(Errno.ENOMEM, _frames.TryAllocateHuge(out _));

        FrameNumber[] single = [.. Enumerable.Range(0, 1023).Select(_ => AllocateOne())];
        Assert.DoesNotContain(single, frame => heads.Contains(_frames.PageOf(frame)));
        Assert.Equal(Errno.ENOMEM, _frames.TryAllocate(out _));
        PutAll(heads);

        // A block is broken when there are no other frames.
        single = [.. single, .. Enumerable.Range(0, 3)
            .Select(_ => AllocateOne())];
        heads = [.. Enumerable.Range(0, 4).Select(_ => Allocate())];
        Assert.Equal(Errno.ENOMEM, _frames.TryAllocateHuge(out _));
        PutAll(single);
        PutAll(heads);
    }

    [Fact]
    public void Frames_that_all_came_back_make_a_block_again()
    {
        FrameNumber[] single = [.. Enumerable.Range(0, 1023).Select(_ => AllocateOne())];
        FrameNumber[] heads = [.. Enumerable.Range(0, 5).Select(_ => Allocate())];
        FrameNumber[] kept = [.. single.Where(frame => HugePage.HeadOf(frame) == HugePage.HeadOf(_frames.ZeroFrame))];
        PutAll(single.Except(kept));

        FrameNumber joined = Allocate();
        Assert.NotEqual(HugePage.HeadOf(_frames.ZeroFrame), joined);
        Assert.Equal(Errno.ENOMEM, _frames.TryAllocateHuge(out _));
        PutAll([joined]);
        FrameNumber broken = AllocateOne();
        Assert.Equal(joined, HugePage.HeadOf(broken));
        Assert.Equal(Errno.ENOMEM, _frames.TryAllocateHuge(out _));
        PutAll([broken]);
        Assert.Equal(joined, Allocate());
        PutAll([joined, .. heads, .. kept]);
    }

    [Fact]
    public void A_huge_page_reads_as_zero_and_counts_against_the_limit_as_512()
    {
        using var memory = new SystemMemory(2048);
        bool open = true;
        using var frames = new PageFrames(memory, new PageFramesOptions { LimitFrames = 1024, AllocationGate = () => open });
        Assert.Equal(Errno.None, frames.TryAllocateHuge(out FrameNumber head));
        memory.Frame(head + 511).Fill(1);
        Assert.Equal(Errno.None, frames.TryAllocate(out FrameNumber one));
        Assert.Equal(Errno.ENOMEM, frames.TryAllocateHuge(out _));
        Assert.Equal(513L, frames.AllocatedFrames);
        frames.Put(one);
        frames.Put(head);
        Assert.Equal(-1, memory.Frame(head + 511).IndexOfAnyExcept(PageFrames.Poison));
        open = false;
        Assert.Equal(Errno.ENOMEM, frames.TryAllocateHuge(out _));
        open = true;
        Assert.Equal(Errno.None, frames.TryAllocateHuge(out FrameNumber again));
        Assert.Equal(head, again);
        Assert.Equal(-1, memory.Frame(head + 511).IndexOfAnyExcept((byte)0));
        frames.Put(again);
    }

    [Fact]
    public void A_reference_to_a_part_keeps_the_whole()
    {
        FrameNumber head = Allocate();
        _frames.Get(head + 7);
        _frames.Get(head + 7);
        Assert.Equal((3, 3), (_frames.ReferenceCount(head), _frames.ReferenceCount(head + 500)));
        _frames.Put(head);
        _frames.Put(head + 7);
        Assert.Equal((1, 512L), (_frames.ReferenceCount(head), _frames.AllocatedFrames));
        Assert.Throws<InvariantException>(() => _frames.Put(head + 8));
        Assert.Equal((1, 512L), (_frames.ReferenceCount(head + 8), _frames.AllocatedFrames));
        _frames.Put(head + 7);
        Assert.Equal((0, 0L, FrameFlags.None), (_frames.ReferenceCount(head), _frames.AllocatedFrames, _frames.FlagsOf(head + 7)));
    }

    [Fact]
    public void The_parts_have_one_lock_one_count_of_maps_and_one_set_of_marks()
    {
        FrameNumber head = Allocate();
        Assert.Equal((FrameFlags.Huge, FrameFlags.Tail), (_frames.FlagsOf(head), _frames.FlagsOf(head + 1)));
        Assert.Equal((true, true, head, head), (_frames.IsHuge(head), _frames.IsHuge(head + 9), _frames.PageOf(head), _frames.PageOf(head + 9)));
        _frames.SetFlags(head + 3, FrameFlags.Dirty);
        Assert.Equal((FrameFlags.Huge | FrameFlags.Dirty, FrameFlags.Tail | FrameFlags.Dirty), (_frames.FlagsOf(head), _frames.FlagsOf(head + 1)));

        _frames.AddMap(head, new FrameMapping(0, HugePage.Size));
        Assert.Equal((1, 1), (_frames.MapCount(head), _frames.MapCount(head + 511)));
        _frames.RemoveMap(head, new FrameMapping(0, HugePage.Size));

        Assert.True(_frames.TryLock(head + 5));
        Assert.Equal((true, true, false), (_frames.IsLocked(head), _frames.IsLocked(head + 6), _frames.TryLock(head)));
        _frames.Unlock(head + 5);
        Assert.False(_frames.IsLocked(head + 5));
        _frames.Lock(head + 1);
        var waiter = SvmThread.Start("waiter", () =>
        {
            _frames.Lock(head + 2);
            _frames.Unlock(head + 2);
        });
        _frames.Unlock(head + 1);
        waiter.Join();
        _frames.Put(head);
    }

    [Fact]
    public void A_split_leaves_512_pages_each_with_what_was_its_own()
    {
        FrameNumber head = Allocate();
        var places = new List<FrameMapping>();
        _frames.AddMap(head, new FrameMapping(3, 4 * HugePage.Size));
        _frames.SetFlags(head, FrameFlags.AnonExclusive | FrameFlags.Dirty);
        _frames.Get(head);
        _frames.Get(head + 7);
        _frames.Get(head + 7);

        _frames.SplitHuge(head);

        Assert.Equal((2, 3, 1), (_frames.ReferenceCount(head), _frames.ReferenceCount(head + 7), _frames.ReferenceCount(head + 511)));
        for (ulong i = 0; i < 512; i++)
        {
            FrameNumber frame = head + i;
            Assert.Equal((1, FrameFlags.AnonExclusive | FrameFlags.Dirty, false, frame), (
                _frames.MapCount(frame), _frames.FlagsOf(frame), _frames.IsLocked(frame), _frames.PageOf(frame)));
            _frames.CopyMappings(frame, places);
            Assert.Equal([new FrameMapping(3, (4 * HugePage.Size) + (i * Page.Size))], places);
            _frames.RemoveMap(frame, places[0]);
            _frames.Put(frame);
        }

        Assert.Equal(2L, _frames.AllocatedFrames);
        _frames.Put(head);
        _frames.Put(head + 7);
        _frames.Put(head + 7);
        Assert.Throws<InvariantException>(() => _frames.SplitHuge(head));
        PutAll([Allocate(), Allocate()]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(7)]
    public void The_lock_of_a_huge_page_that_is_split_goes_to_each_part_or_to_one(int part)
    {
        FrameNumber head = Allocate();
        Assert.True(_frames.TryLockHuge(head));
        Assert.False(_frames.TryLockHuge(head));
        _frames.SplitHuge(head, part < 0 ? null : head + (ulong)part);
        for (int i = 0; i < 512; i++)
        {
            bool isLocked = part < 0 || i == part;
            Assert.Equal(isLocked, _frames.IsLocked(head + (ulong)i));
            if (isLocked)
            {
                _frames.UnlockMigrated(head + (ulong)i);
            }
        }

        Assert.False(_frames.TryLockHuge(head));
        PutAll(Enumerable.Range(0, 512).Select(i => head + (ulong)i));
    }

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void A_device_gives_huge_pages_hears_of_splits_and_gets_them_back_as_they_are_then(DevicePageKind kind)
    {
        var told = new Recorder();
        Assert.Equal(Errno.None, _frames.TryAddDevice(kind, 512, told, this, out DevicePagemap? device));
        FrameNumber head = device!.FirstFrame;
        Assert.Throws<ArgumentException>(() => device.BeginHuge(head + 1));

        MigratePfn pfn = device.BeginHuge(head, 77);

        Assert.Equal((head, true, true), (pfn.Frame, pfn.IsValid, pfn.IsCompound));
        Assert.Equal((true, 1, 512L, 77UL, 77UL), (
            _frames.IsLocked(head + 3), _frames.ReferenceCount(head + 3), device.UsedFrames, device.DataOf(head), device.DataOf(head + 9)));
        Assert.Throws<ArgumentException>(() => device.BeginHuge(head));
        Assert.Throws<ArgumentException>(() => device.Begin(head + 5));
        _frames.UnlockMigrated(head);
        _frames.Put(head);
        Assert.Equal([$"freed {head} 512"], told.Log);
        Assert.Equal(0L, device.UsedFrames);

        device.BeginHuge(head, 78);
        _frames.SplitHuge(head);
        for (ulong i = 0; i < 512; i++)
        {
            _frames.UnlockMigrated(head + i);
        }

        Assert.Equal((78UL, 78UL), (device.DataOf(head), device.DataOf(head + 511)));
        _frames.Put(head + 4);
        Assert.Equal([$"freed {head} 512", $"split {head}", $"freed {head + 4} 1"], told.Log);
        Assert.Throws<ArgumentException>(() => device.BeginHuge(head));
        PutAll(Enumerable.Range(0, 512).Where(i => i != 4).Select(i => head + (ulong)i));
        _frames.RemoveDevice(device);
    }

    private FrameNumber Allocate()
    {
        Assert.Equal(Errno.None, _frames.TryAllocateHuge(out FrameNumber head));
        return head;
    }

    private FrameNumber AllocateOne()
    {
        Assert.Equal(Errno.None, _frames.TryAllocate(out FrameNumber frame));
        return frame;
    }

    private void PutAll(IEnumerable<FrameNumber> frames)
    {
        foreach (FrameNumber frame in frames)
        {
            _frames.Put(frame);
        }
    }

    private sealed class Recorder : IDevicePagemapOwner
    {
        public List<string> Log { get; } = [];

        public Errno MigrateToRam(in DeviceFault fault) => Errno.EFAULT;

        public void Freed(FrameNumber frame, int pages) => Log.Add($"freed {frame} {pages}");

        public void Split(FrameNumber head) => Log.Add($"split {head}");
    }
}
