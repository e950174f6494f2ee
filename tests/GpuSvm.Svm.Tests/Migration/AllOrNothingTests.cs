using GpuSvm.Mm.Tests;

namespace GpuSvm.Svm.Tests.Migration;

/// <summary>The results of the original: all pages of a range move, or none.</summary>
public sealed class AllOrNothingTests
{
    [Theory]
    [InlineData(10, 10)]
    [InlineData(10, 0)]
    [InlineData(512, 500)]
    public void All_pages_move_those_with_bytes_and_those_without(int pages, int written)
    {
        using var machine = new TestMachine();
        machine.Map(pages);
        machine.Write(0, written);
        Assert.Equal(new DeviceMigrationResult(pages, Errno.None), Move(machine, 0, pages));
        Assert.Equal((new string('D', pages), pages), (machine.Where(0, pages), Assert.Single(machine.Memory.Allocations).PageCount));
        Assert.Equal(written == 0 ? 0 : written, machine.Read(Math.Max(written - 1, 0)));
    }

    [Fact]
    public void Pages_that_are_there_already_are_a_success_without_work()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), Move(machine, 0, 4));
        Assert.Equal(new DeviceMigrationResult(0, Errno.None), Move(machine, 0, 4));
        Assert.Single(machine.Device.Copies);
    }

    [Fact]
    public void EINVAL_says_that_the_range_is_empty_or_larger_than_a_block_or_leaves_its_mapping()
    {
        using var machine = new TestMachine();
        machine.MapAt(600, 513);
        Refuses(machine, 600, 513, Errno.EINVAL, "----");
        machine.MapAt(0, 4);
        machine.MapAt(4, 4, Protection.Read);
        Refuses(machine, 0, 0, Errno.EINVAL, "--------");
        Refuses(machine, 2, 4, Errno.EINVAL, "------");
    }

    [Fact]
    public void EINVAL_says_that_the_mapping_is_special()
    {
        using var machine = new TestMachine();
        var frame = new FrameNumber(3000);
        Assert.Equal(
            Errno.None,
            machine.Mm.MapSpecial(TestMachine.Base, frame, 4 * Page.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        Assert.Equal(new DeviceMigrationResult(0, Errno.EINVAL), Move(machine, 0, 4));
    }

    [Fact]
    public void ENOENT_says_that_nothing_is_mapped_where_it_begins()
    {
        using var machine = new TestMachine();
        machine.MapAt(1, 3);
        Refuses(machine, 0, 4, Errno.ENOENT, ".---");
    }

    [Fact]
    public void EBUSY_says_that_the_memory_is_not_anonymous()
    {
        using var machine = new TestMachine();
        Assert.Equal(
            Errno.None,
            machine.Mm.MapShared(TestMachine.Base, 4 * Page.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        machine.Write(0, 4);
        Assert.Equal(new DeviceMigrationResult(0, Errno.EBUSY), Move(machine, 0, 4));
        Assert.Empty(machine.Device.Copies);
    }

    [Fact]
    public void EBUSY_says_that_a_page_is_pinned_or_there_already()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        FrameNumber pinned = machine.Mm.PageTable.Read(TestMachine.AddressOf(2)).Frame;
        machine.Frames.Get(pinned);
        Refuses(machine, 0, 4, Errno.EBUSY, "SSSS");
        machine.Frames.Put(pinned);
        Assert.Empty(machine.Device.Drops);
        Assert.Equal(1, machine.ToDevice(1, 1).Pages);
        Refuses(machine, 0, 4, Errno.EBUSY, "SDSS");
    }

    [Fact]
    public void G11_EBUSY_says_that_somebody_was_quicker_and_what_had_moved_is_home_again()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 3);
        machine.Device.DuringCopy = () =>
        {
            machine.Device.DuringCopy = null;
            SvmThread.Start("touch", () => machine.OtherCpu.Store(TestMachine.AddressOf(3), 42L)).Join();
        };
        Refuses(machine, 0, 4, Errno.EBUSY, "SSSS");
        Assert.Equal([1L, 2, 3, 42], Enumerable.Range(0, 4).Select(machine.Read));
        Assert.Equal((3L, 1L), (machine.Memory.Counters.PagesToDevice, machine.Memory.Counters.PagesRaced));
    }

    [Fact]
    public void G11_Of_a_race_that_cannot_be_undone_the_pages_that_stay_there_are_told()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 3);
        machine.Device.DuringCopy = () =>
        {
            machine.Device.DuringCopy = null;
            SvmThread.Start("touch", () => machine.OtherCpu.Store(TestMachine.AddressOf(3), 42L)).Join();
            machine.FailAllocations(from: 1);
        };
        Assert.Equal(new DeviceMigrationResult(3, Errno.EBUSY), Move(machine, 0, 4));
        machine.FailAllocations(from: 0);
        Assert.Equal("DDDS", machine.Where(0, 4));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public void ENOMEM_says_that_the_device_has_not_room_for_all(int free)
    {
        using var machine = new TestMachine(devicePages: 8, options: new DeviceMemoryOptions { Eviction = null });
        machine.Map(16);
        machine.Write(0, 16);
        Assert.Equal(8 - free, Move(machine, 0, 8 - free).Pages);
        Refuses(machine, 8, 4, Errno.ENOMEM, "SSSS");
        Assert.Equal(1, machine.Memory.Counters.FailedMoves);
    }

    [Fact]
    public void Others_leave_for_a_range_that_can_move_and_for_no_other()
    {
        using var machine = new TestMachine(devicePages: 8);
        machine.Map(16);
        machine.Write(0, 16);
        Assert.Equal(8, Move(machine, 0, 8).Pages);
        Assert.Equal(1, machine.Memory.MigrateToSystem(machine.Mm, TestMachine.Pages(0, 1)).Pages);
        Refuses(machine, 0, 4, Errno.EBUSY, "SDDD");
        Assert.Equal(0, machine.Memory.Counters.Evictions);
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), Move(machine, 8, 4));
        Assert.Equal(("SSSSSSSSDDDDSSSS", 1L), (machine.Where(0, 16), machine.Memory.Counters.Evictions));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void G10_ENOMEM_says_that_a_frame_could_not_be_mapped_for_DMA(int which)
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        machine.Device.FailMap = which;
        Refuses(machine, 0, 4, Errno.ENOMEM, "SSSS");
    }

    [Fact]
    public void Pages_of_an_object_move_together_those_included_that_nobody_has_touched()
    {
        using var memory = new SystemMemory(1024);
        using var frames = new PageFrames(memory, new PageFramesOptions { PooledFrames = 512 });
        Assert.Equal(Errno.None, frames.TryReserve(4, out MemoryObject? heap));
        using var mm = new AddressSpace(frames, new FixedFrameCpu(memory), new AddressSpaceOptions());
        var device = new TestDevice(memory, 8);
        Assert.Equal(Errno.None, mm.MapObject(TestMachine.Base, heap!, Protection.ReadWrite));
        Assert.Equal(Errno.None, DeviceMemory.TryCreate(frames, device, device, new DeviceMemoryOptions(), out DeviceMemory? own));
        using (own)
        {
            AddressRange all = TestMachine.Pages(0, 4);
            Assert.Equal(Errno.None, mm.HandleFault(all.Start, CpuAccess.Write));
            Assert.Equal(new DeviceMigrationResult(4, Errno.None), own!.MigrateToDevice(mm, all, Movement.AllOrNothing));
            Assert.Equal(new DeviceMigrationResult(4, Errno.None), own.MigrateToSystem(mm, all));
        }
    }

    private static DeviceMigrationResult Move(TestMachine machine, int first, int count) =>
        machine.Memory.MigrateToDevice(machine.Mm, TestMachine.Pages(first, count), Movement.AllOrNothing);

    private static void Refuses(TestMachine machine, int first, int count, Errno error, string where)
    {
        machine.Memory.Reclaim();
        ulong free = machine.Device.FreePages;
        long used = machine.Memory.UsedPages;
        Assert.Equal(new DeviceMigrationResult(0, error), Move(machine, first, count));
        machine.Memory.Reclaim();
        Assert.Equal(where, machine.Where(first, where.Length));
        Assert.Equal((free, used, 0L), (machine.Device.FreePages, machine.Memory.UsedPages, machine.Device.MappedPages));
    }
}
