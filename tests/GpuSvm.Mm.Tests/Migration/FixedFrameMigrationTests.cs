namespace GpuSvm.Mm.Tests;

/// <summary>Migration where the CPU's frames are fixed, as a live process's are: who takes a page away takes its bytes.</summary>
public sealed class FixedFrameMigrationTests : IDisposable
{
    private const ulong Base = 0x10000;
    private const ulong Size = Page.Size;
    private readonly FixedFrameMachine _m = new();
    private readonly MemoryObject _memory;
    private readonly TestDevice _device;

    public FixedFrameMigrationTests()
    {
        _memory = _m.Map(Base, 6);
        _device = new TestDevice(_m.Frames);
    }

    public void Dispose() => _m.Dispose();

    [Fact]
    public void Pages_leave_with_their_bytes_and_come_home_to_their_own_frames()
    {
        Store(0, 1, 2);
        _m.Heard();

        Assert.Equal((Errno.None, 3), _device.MoveIn(_m.Mm, Base, 3));

        FrameNumber first = _memory.FirstFrame;
        Assert.Equal([$"protect {Pages(0, 3)}", $"detach {Pages(0, 3)} {first}", $"wake {Pages(0, 3)}"], _m.Heard());
        Assert.Equal((0, 0L), (_m.Cpu.Entries.Count, _m.Frames.AllocatedFrames));
        Assert.Equal(11, _m.Cpu.Load(Base + Size));
        Assert.Equal(first + 1, Assert.Single(_m.Cpu.Entries).Value.Frame);
    }

    [Fact]
    public void What_stays_between_pages_that_leave_keeps_its_bytes()
    {
        Store(0, 1, 2, 3, 4);
        using (_m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal(Errno.None, _m.Mm.TryPin(Base + (2 * Size), CpuAccess.Read, out _));
        }

        _m.Heard();

        Assert.Equal((Errno.None, 5), _device.MoveIn(_m.Mm, Base, 6));

        FrameNumber first = _memory.FirstFrame;
        Assert.Equal(
            [$"detach {Pages(0, 2)} {first}", $"detach {Pages(3, 2)} {first + 3}"],
            _m.Heard().Where(line => line.StartsWith("detach", StringComparison.Ordinal)));
        Assert.Equal([10, 11, 12, 13, 14], from page in Enumerable.Range(0, 5) select (int)_m.Cpu.Load(Base + ((ulong)page * Size)));
        _m.Frames.Put(first + 2);
    }

    [Fact]
    public void A_page_that_nobody_has_touched_begins_with_the_device_and_comes_home_to_its_own_frame()
    {
        Assert.Equal((Errno.None, 2), _device.MoveIn(_m.Mm, Base, 2));

        Assert.Equal([$"wake {Pages(0, 1)}", $"wake {Pages(1, 1)}"], _m.Heard());
        Assert.Equal((2L, 0L), (_device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames));
        Assert.Equal(0, _m.Cpu.Load(Base + Size));
        Assert.Equal(_memory.FirstFrame + 1, Assert.Single(_m.Cpu.Entries).Value.Frame);
    }

    [Fact]
    public void A_device_that_is_emptied_takes_nothing_from_the_CPU()
    {
        Store(0, 1);
        Assert.Equal((Errno.None, 2), _device.MoveIn(_m.Mm, Base, 2));
        _m.Heard();

        var migration = new MigrateFrames(_m.Frames, 2);
        Assert.Equal(2, migration.Setup(_device.Pagemap.FirstFrame, 2));
        _device.Empty(migration.Source, migration.Destination);
        Assert.Equal((2, 2), (migration.MigratePages(), migration.Complete()));

        Assert.All(_m.Heard(), line => Assert.StartsWith("map ", line, StringComparison.Ordinal));
        Assert.Equal((10, 11), (_m.Cpu.Load(Base), _m.Cpu.Load(Base + Size)));
    }

    [Fact]
    public void What_is_unmapped_while_it_lives_with_the_device_is_gone()
    {
        Store(0, 1, 2);
        Assert.Equal((Errno.None, 1), _device.MoveIn(_m.Mm, Base + Size, 1));
        _m.Heard();

        Assert.Equal(Errno.None, _m.Mm.Unmap(Base, 3 * Size));

        Assert.Equal([$"detach {Pages(0, 3)} {_memory.FirstFrame}", $"wake {Pages(0, 3)}"], _m.Heard());
        Assert.Equal((0L, 0L), (_device.Pagemap.UsedFrames, _m.Frames.AllocatedFrames));
    }

    [Fact]
    public void Pinned_pages_are_at_home_until_the_pins_end_and_their_frames_in_use_though_they_are_unmapped()
    {
        Store(0, 1, 2);
        Assert.Equal((Errno.None, 3), _device.MoveIn(_m.Mm, Base, 3));
        Assert.Equal(Errno.EFAULT, _m.Mm.TryPin(Pages(0, 7), out PagePins? none));
        Assert.Null(none);
        Assert.Equal(Errno.None, _m.Mm.TryPin(Pages(0, 2), out PagePins? pins));

        Assert.Equal((Errno.None, 4), _device.MoveIn(_m.Mm, Base, 6));
        Assert.Equal(Errno.None, _m.Mm.Unmap(Base, 6 * Size));
        Assert.Equal((0UL, true), (_memory.MappedPages, _m.Frames.HasUsedFrames(_memory)));
        pins!.Dispose();
        pins.Dispose();

        Assert.Equal((false, 0L), (_m.Frames.HasUsedFrames(_memory), _m.Frames.AllocatedFrames));
    }

    private static AddressRange Pages(int first, ulong count) => AddressRange.FromLength(Base + ((ulong)first * Size), count * Size);

    private void Store(params ReadOnlySpan<int> pages)
    {
        foreach (int page in pages)
        {
            Assert.Equal(Errno.None, _m.Cpu.Store(Base + ((ulong)page * Size), (byte)(10 + page)));
        }
    }
}
