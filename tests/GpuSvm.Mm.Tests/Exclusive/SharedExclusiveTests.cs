namespace GpuSvm.Mm.Tests;

/// <summary>Pages of a memory object that a device has alone leave all address spaces, and come back to all.</summary>
public sealed class SharedExclusiveTests : IDisposable
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;
    private readonly TestMachine _m = new(pooled: 3000);
    private readonly MemoryObject _memory;
    private readonly TestProcess _child;

    public SharedExclusiveTests()
    {
        Assert.Equal(Errno.None, _m.Frames.TryReserve(1, out MemoryObject? memory));
        _memory = memory!;
        Assert.Equal(Errno.None, _m.Mm.MapObject(Base, _memory, Protection.ReadWrite));
        _m.Thread.Store(Base, 42UL);
        _child = _m.Start();
        Assert.Equal(Errno.None, _m.Mm.TryFork(_child.Cpu, null, out AddressSpace? forked));
        _child.Mm = forked;
    }

    private FrameNumber Frame => _memory.FirstFrame;

    public void Dispose() => _m.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_touch_in_either_address_space_gives_it_back_to_both(bool isChild)
    {
        _child.Thread.Store(Base, 43UL);
        var told = new OwnerNotifier();
        _child.Mm!.Notifiers.AddPlain(told);

        Take();

        Assert.Equal((true, true), (Entry(_m.Mm).IsDeviceExclusive, Entry(_child.Mm).IsDeviceExclusive));
        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Clear)], told.Log);
        BitConverter.TryWriteBytes(_m.Memory.Frame(Frame), 44UL);
        Assert.Equal(44UL, (isChild ? _child.Thread : _m.Thread).Load<ulong>(Base));
        Assert.Equal((true, true), (Entry(_m.Mm).IsWritable, Entry(_child.Mm).IsWritable));
        Assert.Equal(2, told.Log.Count);
        Assert.Equal((2, 2, FrameFlags.Dirty), (
            _m.Frames.ReferenceCount(Frame), _m.Frames.MapCount(Frame), _m.Frames.FlagsOf(Frame) & (FrameFlags.DeviceExclusive | FrameFlags.Dirty)));
        _child.Mm.Notifiers.RemovePlain(told);
    }

    [Fact]
    public void Who_touches_it_first_while_a_device_has_it_gets_it_from_the_device()
    {
        Take();
        Assert.True(Entry(_child.Mm!).IsNone);
        var told = new OwnerNotifier();
        _m.Mm.Notifiers.AddPlain(told);

        Assert.Equal(42UL, _child.Thread.Load<ulong>(Base));

        Assert.Equal([new Invalidation(AddressRange.PageAt(Base), InvalidationCause.Clear)], told.Log);
        Assert.Equal((true, true), (Entry(_m.Mm).IsWritable, Entry(_child.Mm!).IsWritable));
        _m.Mm.Notifiers.RemovePlain(told);
    }

    [Fact]
    public void A_change_of_protection_in_one_leaves_it_to_the_device_in_the_other()
    {
        _child.Thread.Store(Base, 43UL);
        Take();

        Assert.Equal(Errno.None, _child.Mm!.Protect(Base, Size, Protection.Read));

        Assert.Equal((true, true), (Entry(_m.Mm).IsDeviceExclusive, Entry(_child.Mm).IsDeviceExclusive));
        Assert.Equal(43UL, _child.Thread.Load<ulong>(Base));
        Assert.Equal((Protection.ReadWrite, Protection.Read), (Entry(_m.Mm).Rights, Entry(_child.Mm).Rights));
    }

    [Fact]
    public void One_may_unmap_it_and_the_other_gets_it_back()
    {
        _child.Thread.Store(Base, 43UL);
        Take();

        Assert.Equal(Errno.None, _m.Unmap(Base, 1));

        Assert.Equal(43UL, _child.Thread.Load<ulong>(Base));
        Assert.Equal((1, 1), (_m.Frames.ReferenceCount(Frame), _m.Frames.MapCount(Frame)));
    }

    private void Take()
    {
        using (_m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, DeviceExclusive.TryMake(_m.Mm, Base, this, out FrameNumber frame));
            Assert.Equal(Frame, frame);
        }

        _m.Frames.Unlock(Frame);
        _m.Frames.Put(Frame);
    }

    private static CpuPte Entry(AddressSpace mm) => mm.PageTable.Read(Base);
}
