namespace GpuSvm.Mm.Tests;

/// <summary>Memory whose pages are read, taken and given whole: a device has them in its own memory only.</summary>
public sealed class WholePageTests : IDisposable
{
    private const ulong Base = 0x10000;
    private const ulong Size = 4096;
    private readonly SystemMemory _memory = new(64);
    private readonly PageFrames _frames;
    private readonly MemoryObject _object;
    private readonly WholePageCpu _cpu;
    private readonly AddressSpace _mm;
    private readonly TestDevice _device;

    public WholePageTests()
    {
        _frames = new PageFrames(_memory, new PageFramesOptions { PooledFrames = 1 });
        Assert.Equal(Errno.None, _frames.TryReserve(4, MemoryReach.WholePages, out MemoryObject? memory));
        _object = memory!;
        _cpu = new WholePageCpu(_memory, _object, Base);
        _mm = new AddressSpace(_frames, _cpu, new AddressSpaceOptions());
        _device = new TestDevice(_frames);

        // Pages 0 and 1 are the process's already, pages 2 and 3 nobody has touched.
        _cpu.Put(Base, 7);
        _cpu.Put(Base + Size, 8);
        Assert.Equal(
            Errno.None,
            _mm.AdoptObject(
                Base,
                _object,
                Protection.ReadWrite,
                present =>
                {
                    present.Add(new AddressRange(Base, Base + (2 * Size)));
                    return Errno.None;
                },
                () => Assert.Fail("Nothing is in the way.")));
    }

    public void Dispose()
    {
        _mm.Dispose();
        var left = (_frames.AllocatedFrames, _device.Pagemap.UsedFrames);
        _frames.Dispose();
        _memory.Dispose();
        Assert.Equal((0L, 0L), left);
    }

    [Fact]
    public void What_was_taken_over_and_has_no_frames_is_left_before_anybody_can_fault_there()
    {
        using var frames = new PageFrames(_memory, new PageFramesOptions { PooledFrames = 1, LimitFrames = 3 });
        Assert.Equal(Errno.None, frames.TryReserve(4, MemoryReach.WholePages, out MemoryObject? memory));
        using var mm = new AddressSpace(frames, new WholePageCpu(_memory, memory!, Base), new AddressSpaceOptions());
        int left = 0;
        Errno error = mm.AdoptObject(
            Base,
            memory!,
            Protection.ReadWrite,
            present =>
            {
                present.Add(new AddressRange(Base, Base + (4 * Size)));
                return Errno.None;
            },
            () =>
            {
                mm.MmapLock.AssertHeldExclusively();
                left++;
            });
        Assert.Equal((Errno.ENOMEM, 1, 0, 0L), (error, left, mm.Vmas().Count, frames.AllocatedFrames));
        frames.Release(memory!);
    }

    [Fact]
    public void Pages_that_the_process_has_are_entered_as_they_are()
    {
        Assert.Equal((2L, true, true, true), (_frames.AllocatedFrames, Entry(0).IsPresent, Entry(0).IsWritable, Entry(2).IsNone));
        Assert.Equal((7, 8, 0), (_cpu.Load(Base), _cpu.Load(Base + Size + 5), _cpu.Load(Base + (2 * Size))));
        Assert.False(_memory.Frame(_object.FirstFrame).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void All_pages_go_to_a_device_and_those_of_which_nothing_was_there_as_zeros()
    {
        Assert.Equal((Errno.None, 4), _device.MoveIn(_mm, Base, 4));
        Assert.Equal((false, false, 4L, 0L), (_cpu.Has(Base), _cpu.Has(Base + Size), _device.Pagemap.UsedFrames, _frames.AllocatedFrames));
        Assert.Equal(7, _device.Bytes(Entry(0).Frame)[9]);
        _device.Bytes(Entry(0).Frame)[9] = 70;
        _device.Bytes(Entry(3).Frame)[1] = 90;

        Assert.Equal((70, 7, 8, 0, 90), (_cpu.Load(Base + 9), _cpu.Load(Base), _cpu.Load(Base + Size), _cpu.Load(Base + (2 * Size)), _cpu.Load(Base + (3 * Size) + 1)));

        Assert.Equal((0L, 4L), (_device.Pagemap.UsedFrames, _frames.AllocatedFrames));
        Assert.Equal(_object.FirstFrame + 3, Entry(3).Frame);
        Assert.False(_memory.Frame(_object.FirstFrame).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Bytes_that_came_home_and_could_not_be_given_yet_go_away_again_with_the_page()
    {
        Assert.Equal((Errno.None, 1), _device.MoveIn(_mm, Base, 1));
        _device.Bytes(Entry(0).Frame)[0] = 55;
        _cpu.RefusedMaps = 1;
        Assert.Equal((Errno.None, 1), _device.MoveOut(_mm, Base, 1));
        Assert.Equal((false, true), (_cpu.Has(Base), Entry(0).IsPresent));

        Assert.Equal((Errno.None, 1), _device.MoveIn(_mm, Base, 1));

        Assert.Equal((55, 55), (_device.Bytes(Entry(0).Frame)[0], _cpu.Load(Base)));
    }

    [Fact]
    public void A_page_that_stays_is_the_processs_and_may_be_written()
    {
        MigrateVma migration = _device.Begin(_mm, Base, 1, MigrateSelect.System, out Errno error);
        Assert.Equal((Errno.None, 1), (error, migration.Collected));
        Assert.Equal((0, 0), (migration.MigratePages(), migration.Complete()));
        _cpu.Store(Base, 9);
        Assert.Equal((9, true), (_cpu.Load(Base), Entry(0).IsWritable));
        Assert.False(_memory.Frame(_object.FirstFrame).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void No_device_gets_a_page_where_it_is()
    {
        Assert.Equal((Errno.EXDEV, Errno.EXDEV), (LookUp(0, 1, HmmPfn.RequestFault), LookUp(2, 1, HmmPfn.RequestFault)));
        Assert.Equal((true, Errno.None), (Entry(2).IsNone, LookUp(0, 4, default)));
        Assert.Equal((Errno.None, 4), _device.MoveIn(_mm, Base, 4));
        Assert.Equal(Errno.None, LookUp(0, 4, HmmPfn.RequestFault | HmmPfn.RequestWrite));
        Assert.Equal(4L, _device.Pagemap.UsedFrames);
    }

    [Fact]
    public void What_is_unmapped_or_discarded_in_the_device_is_gone()
    {
        Assert.Equal((Errno.None, 4), _device.MoveIn(_mm, Base, 4));
        Assert.Equal(Errno.None, _mm.Discard(Base, Size));
        Assert.Equal((0, 3L), (_cpu.Load(Base), _device.Pagemap.UsedFrames));
        Assert.Equal(Errno.EIO, _mm.Unmap(Base + Size, 3 * Size, () => Errno.EIO));
        Assert.Equal(3L, _device.Pagemap.UsedFrames);
        Assert.Equal(Errno.None, _mm.Unmap(Base + Size, 3 * Size));
        Assert.Equal((0L, 1UL), (_device.Pagemap.UsedFrames, _object.MappedPages));
    }

    private CpuPte Entry(int page) => _mm.PageTable.Read(Base + ((ulong)page * Size));

    private Errno LookUp(int first, int pages, HmmPfn request)
    {
        var notifier = new IntervalNotifier(new RecordingMirror("device"));
        AddressRange range = AddressRange.FromLength(Base + ((ulong)first * Size), (ulong)pages * Size);
        Assert.Equal(Errno.None, _mm.Notifiers.Insert(notifier, range));
        Assert.True(notifier.TryReadBegin(_mm.Clock.After(Deadline.Default), out long sequence));
        var asked = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = range,
            DefaultFlags = request,
            Pfns = new HmmPfn[pages],
            Owner = _device.Owner,
        };
        Errno error;
        using (_mm.MmapLock.EnterShared())
        {
            error = HmmRangeFault.Fault(_mm, ref asked);
        }

        _mm.Notifiers.Remove(notifier);
        return error;
    }
}
