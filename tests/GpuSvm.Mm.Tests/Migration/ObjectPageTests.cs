using static GpuSvm.Mm.Tests.MigrationSteps;

namespace GpuSvm.Mm.Tests;

/// <summary>Pages of a memory object, whose frames are fixed, in a device's memory and home again.</summary>
public sealed class ObjectPageTests : IDisposable
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;
    private readonly TestMachine _m = new(pooled: 3000);
    private readonly MemoryObject _memory;

    public ObjectPageTests()
    {
        Assert.Equal(Errno.None, _m.Frames.TryReserve(3, out MemoryObject? memory));
        _memory = memory!;
        Assert.Equal(Errno.None, _m.Mm.MapObject(Base, _memory, Protection.ReadWrite));
        _m.Thread.Store(Base, 42UL);
    }

    public void Dispose() => _m.Dispose();

    [Theory]
    [InlineData(DevicePageKind.Private)]
    [InlineData(DevicePageKind.Coherent)]
    public void A_page_moves_to_a_device_and_back_to_its_own_frame(DevicePageKind kind)
    {
        var device = new TestDevice(_m.Frames, kind);

        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base, 1));

        FrameNumber away = Entry(_m.Mm).Frame;
        Assert.Equal((kind == DevicePageKind.Private, 1L, 0L), (Entry(_m.Mm).IsDevicePrivate, device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames));
        Assert.Equal((0, 0), Counts(_memory.FirstFrame));
        device.SetWord(away, 43);
        Assert.Equal(43UL, _m.Thread.Load<ulong>(Base));
        Assert.Equal((Errno.None, kind == DevicePageKind.Coherent ? 1 : 0), device.MoveOut(_m.Mm, Base, 1));
        Assert.Equal((_memory.FirstFrame, true, 0L), (Entry(_m.Mm).Frame, Entry(_m.Mm).IsWritable, device.Pagemap.UsedFrames));
        Assert.Equal(((1, 1), 43UL), (Counts(_memory.FirstFrame), _m.Thread.Load<ulong>(Base)));
    }

    [Fact]
    public void A_page_that_one_space_has_begins_nowhere_else_for_another()
    {
        TestProcess child = Fork();
        var device = new TestDevice(_m.Frames);

        // The first page is the parent's, though the child has not touched it; the others are nobody's.
        Assert.Equal((Errno.None, 2), device.MoveIn(child.Mm!, Base, 3));

        Assert.Equal((2L, 1L, 42UL), (device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames, child.Thread.Load<ulong>(Base)));
        _m.Thread.Store(Base + Size, 7UL);
        Assert.Equal((7UL, 1L), (child.Thread.Load<ulong>(Base + Size), device.Pagemap.UsedFrames));
        child.Thread.Store(Base + (2 * Size), 8UL);
        Assert.Equal((8UL, 0L), (_m.Thread.Load<ulong>(Base + (2 * Size)), device.Pagemap.UsedFrames));
    }

    [Fact]
    public void It_moves_to_no_other_frame_of_the_system()
    {
        Assert.Equal((Errno.None, 0), _m.Migrate(Base, 1));
        Assert.Equal((_memory.FirstFrame, 1L), (Entry(_m.Mm).Frame, _m.Frames.AllocatedFrames));

        var device = new TestDevice(_m.Frames);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base, 1));
        var migration = new MigrateVma(_m.Mm, 1);
        Assert.Equal(Errno.None, migration.SetUp(_m.Mm, Base, 1, device.Owner, MigrateSelect.DevicePrivate));
        Assert.Equal(Errno.None, _m.Frames.TryAllocate(out FrameNumber other));
        migration.Destination[0] = MigratePfn.Of(other);
        Assert.Equal((0, 0), (migration.MigratePages(), migration.Complete()));
        Assert.Equal((true, 0L), (Entry(_m.Mm).IsDevicePrivate, _m.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_child_that_has_not_touched_it_finds_it_in_the_device_and_brings_it_home_for_both()
    {
        TestProcess child = Fork();
        var device = new TestDevice(_m.Frames);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base, 1));
        Assert.True(Entry(child.Mm!).IsNone);

        child.Thread.Store(Base, 44UL);

        Assert.Equal((44UL, 1, 0L), (_m.Thread.Load<ulong>(Base), device.Faults.Count, device.Pagemap.UsedFrames));
        Assert.Equal((_memory.FirstFrame, (2, 2)), (Entry(child.Mm!).Frame, Counts(_memory.FirstFrame)));
    }

    [Fact]
    public void A_page_that_both_have_touched_leaves_both_and_is_driven_out_to_both()
    {
        TestProcess child = Fork();
        Assert.Equal(42UL, child.Thread.Load<ulong>(Base));
        var device = new TestDevice(_m.Frames, pages: 1);

        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base, 1));

        Assert.Equal((true, true), (Entry(_m.Mm).IsDevicePrivate, Entry(child.Mm!).IsDevicePrivate));
        var migration = new MigrateFrames(_m.Frames, 1);
        Assert.Equal(1, migration.Setup(device.Pagemap.FirstFrame, 1));
        device.Empty(migration.Source, migration.Destination);
        Assert.Equal((1, 1, 0), (migration.MigratePages(), migration.Complete(), device.Faults.Count));
        Assert.Equal((_memory.FirstFrame, _memory.FirstFrame), (Entry(_m.Mm).Frame, Entry(child.Mm!).Frame));
        Assert.Equal((42UL, 42UL), (_m.Thread.Load<ulong>(Base), child.Thread.Load<ulong>(Base)));
    }

    [Fact]
    public void A_child_that_touches_it_while_it_moves_waits_and_sees_the_same_page()
    {
        TestProcess child = Fork();
        var device = new TestDevice(_m.Frames);
        var migration = new MigrateVma(_m.Mm, 1);
        Assert.Equal(Errno.None, migration.SetUp(_m.Mm, Base, 1, device.Owner));
        SvmThread toucher = SvmThread.Start("toucher", () => child.Thread.Store(Base + 8, 7UL));
        device.Fill(migration.Source, migration.Destination);
        Assert.Equal((1, 1), (migration.MigratePages(), migration.Complete()));
        toucher.Join();

        Assert.Equal((42UL, 7UL), (child.Thread.Load<ulong>(Base), _m.Thread.Load<ulong>(Base + 8)));
        Assert.Equal(0, device.Pagemap.UsedFrames);
    }

    [Fact]
    public void A_page_that_is_given_up_in_the_device_begins_anew_at_home()
    {
        var device = new TestDevice(_m.Frames, pages: 1);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base, 1));

        Assert.Equal(Errno.None, _m.Mm.Discard(Base, Size));

        Assert.Equal(0, device.Pagemap.UsedFrames);
        _m.Thread.Store(Base + Size, 5UL);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base + Size, 1));
        Assert.Equal((0UL, 5UL), (_m.Thread.Load<ulong>(Base), _m.Thread.Load<ulong>(Base + Size)));
        Assert.Equal(_memory.FirstFrame, Entry(_m.Mm).Frame);
    }

    [Fact]
    public void While_somebody_holds_its_own_frame_it_does_not_come_home()
    {
        var device = new TestDevice(_m.Frames);
        _m.Frames.Get(_memory.FirstFrame);
        Assert.Equal((Errno.None, 0), device.MoveIn(_m.Mm, Base, 1));
        _m.Frames.Put(_memory.FirstFrame);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base, 1));
        Assert.Equal(Errno.None, _m.Frames.TryTake(_memory.FirstFrame));

        Assert.Equal(Errno.EBUSY, _m.Frames.TryAllocateHome(Entry(_m.Mm).Frame, out _));

        _m.Frames.Put(_memory.FirstFrame);
        Assert.Equal(42UL, _m.Thread.Load<ulong>(Base));
    }

    private TestProcess Fork()
    {
        TestProcess child = _m.Start();
        Assert.Equal(Errno.None, _m.Mm.TryFork(child.Cpu, null, out AddressSpace? forked));
        child.Mm = forked;
        return child;
    }

    private (int References, int Maps) Counts(FrameNumber frame) => (_m.Frames.ReferenceCount(frame), _m.Frames.MapCount(frame));

    private static CpuPte Entry(AddressSpace mm) => mm.PageTable.Read(Base);
}
