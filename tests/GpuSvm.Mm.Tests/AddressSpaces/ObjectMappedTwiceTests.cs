namespace GpuSvm.Mm.Tests;

/// <summary>A memory object that is mapped at two addresses of an address space, and by a process that is no child: all have the same pages.</summary>
public sealed class ObjectMappedTwiceTests : IDisposable
{
    private const ulong First = 0x10000;
    private const ulong Second = 0x30000;
    private const ulong Third = 0x50000;
    private const ulong Size = TestMachine.PageSize;
    private readonly TestMachine _m = new(pooled: 3000);
    private readonly MemoryObject _memory;
    private readonly TestProcess _other;

    public ObjectMappedTwiceTests()
    {
        Assert.Equal(Errno.None, _m.Frames.TryReserve(2, out MemoryObject? memory));
        _memory = memory!;
        _other = _m.Start();
        Assert.Equal(Errno.None, _m.Mm.MapObject(First, _memory, Protection.ReadWrite));
        Assert.Equal(Errno.None, _m.Mm.MapObject(Second, _memory, Protection.ReadWrite));
        Assert.Equal(Errno.None, _other.Empty().MapObject(Third, _memory, Protection.ReadWrite));
        _m.Thread.Store(First, 42UL);
    }

    private FrameNumber Frame => _memory.FirstFrame;

    public void Dispose() => _m.Dispose();

    [Fact]
    public void All_see_what_one_stores_in_one_frame()
    {
        _m.Thread.Store(Second + 8, 43UL);
        _other.Thread.Store(Third + 16, 44UL);

        Assert.Equal([42UL, 43UL, 44UL], Words(_m.Thread, First));
        Assert.Equal([42UL, 43UL, 44UL], Words(_m.Thread, Second));
        Assert.Equal([42UL, 43UL, 44UL], Words(_other.Thread, Third));
        Assert.Equal((6UL, 1L, (3, 3)), (_memory.MappedPages, _m.Frames.AllocatedFrames, Counts));
        Assert.Equal([Frame, Frame, Frame], Entries().Select(entry => entry.Frame));
    }

    [Fact]
    public void A_page_leaves_all_for_a_device_and_comes_home_to_all()
    {
        TouchAll();
        var device = new TestDevice(_m.Frames, pages: 1);

        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Second, 1));

        Assert.All(Entries(), entry => Assert.True(entry.IsDevicePrivate));
        device.SetWord(Entries()[0].Frame, 45UL);
        Assert.Equal(45UL, _other.Thread.Load<ulong>(Third));
        Assert.Equal([Frame, Frame, Frame], Entries().Select(entry => entry.Frame));
        Assert.Equal((1, 0L, (3, 3), 45UL), (device.Faults.Count, device.Pagemap.UsedFrames, Counts, _m.Thread.Load<ulong>(First)));
    }

    [Fact]
    public void A_page_that_lives_in_a_device_is_found_there_at_another_address()
    {
        var device = new TestDevice(_m.Frames, pages: 1);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, First, 1));

        Assert.Equal(42UL, _m.Thread.Load<ulong>(Second));

        Assert.Equal((1, Frame, Frame), (device.Faults.Count, Entries()[0].Frame, Entries()[1].Frame));
        Assert.True(Entries()[2].IsNone);
        Assert.Equal(42UL, _other.Thread.Load<ulong>(Third));
    }

    [Theory]
    [InlineData(First)]
    [InlineData(Second)]
    [InlineData(Third)]
    public void A_device_that_has_a_page_alone_loses_it_by_a_touch_of_any(ulong touched)
    {
        TouchAll();
        using (_m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, DeviceExclusive.TryMake(_m.Mm, First, this, out FrameNumber frame));
            _m.Frames.Unlock(frame);
            _m.Frames.Put(frame);
        }

        Assert.All(Entries(), entry => Assert.True(entry.IsDeviceExclusive));
        CpuThread cpu = touched == Third ? _other.Thread : _m.Thread;
        Assert.Equal(42UL, cpu.Load<ulong>(touched));
        Assert.All(Entries(), entry => Assert.True(entry.IsWritable));
        Assert.Equal((3, 3), Counts);
    }

    [Fact]
    public void The_bytes_stay_until_the_last_has_given_them_up()
    {
        TouchAll();
        Assert.Equal(Errno.None, _m.Mm.Discard(First, Size));
        Assert.Equal(Errno.None, _other.Mm!.Unmap(Third, 2 * Size));
        Assert.Equal((42UL, 4UL), (_m.Thread.Load<ulong>(First), _memory.MappedPages));
        Assert.Throws<InvalidOperationException>(() => _m.Frames.Release(_memory));

        Assert.Equal(Errno.None, _m.Mm.Unmap(First, 2 * Size));
        Assert.Equal(42UL, _m.Thread.Load<ulong>(Second));
        Assert.Equal(Errno.None, _m.Mm.Discard(Second, Size));
        Assert.Equal((0L, 0UL, (1, 1)), (_m.Frames.AllocatedFrames, _m.Thread.Load<ulong>(Second), Counts));
        Assert.Equal(Errno.None, _m.Mm.Unmap(Second, 2 * Size));
        _m.Frames.Release(_memory);
    }

    [Fact]
    public void An_address_that_moves_and_a_fork_add_and_take_places_of_the_same_page()
    {
        TouchAll();
        TestProcess child = _m.Fork();
        Assert.Equal(Errno.None, _m.Mm.Remap(First, Size, Size, RemapFlags.MayMove | RemapFlags.Fixed, 0x70000UL, out _));
        child.Thread.Store(Second, 46UL);
        Assert.Equal((46UL, 46UL, 46UL), (child.Thread.Load<ulong>(First), _m.Thread.Load<ulong>(0x70000), _other.Thread.Load<ulong>(Third)));
        Assert.Equal((5, 5), Counts);
    }

    private (int References, int Maps) Counts => (_m.Frames.ReferenceCount(Frame), _m.Frames.MapCount(Frame));

    private void TouchAll()
    {
        Assert.Equal(42UL, _m.Thread.Load<ulong>(Second));
        Assert.Equal(42UL, _other.Thread.Load<ulong>(Third));
    }

    private CpuPte[] Entries() =>
        [_m.Mm.PageTable.Read(First), _m.Mm.PageTable.Read(Second), _other.Mm!.PageTable.Read(Third)];

    private static ulong[] Words(CpuThread cpu, ulong address) =>
        [cpu.Load<ulong>(address), cpu.Load<ulong>(address + 8), cpu.Load<ulong>(address + 16)];
}
