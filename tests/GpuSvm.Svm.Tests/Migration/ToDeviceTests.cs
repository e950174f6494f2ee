namespace GpuSvm.Svm.Tests.Migration;

/// <summary>Pages come to the device.</summary>
public sealed class ToDeviceTests
{
    [Fact]
    public void Pages_with_bytes_are_copied_and_those_without_are_cleared_in_one_job()
    {
        using var machine = new TestMachine();
        machine.Map(16);
        machine.Write(0, 10);
        machine.Device.Bytes(12).Fill(0xff);
        Assert.Equal(new DeviceMigrationResult(16, Errno.None), machine.ToDevice(0, 16));
        Assert.Equal("DDDDDDDDDDDDDDDD", machine.Where(0, 16));
        Assert.Equal(["to 16, 10 copied"], machine.Device.Copies);
        Assert.Equal([TestMachine.Pages(0, 16)], machine.Device.Drops);
        DeviceAllocation allocation = Assert.Single(machine.Memory.Allocations);
        Assert.Equal([new DeviceBlock(0, 4)], allocation.Blocks);
        Assert.Equal((16, 16L, 0L), (allocation.PageCount, machine.Memory.UsedPages, machine.Frames.AllocatedFrames));
        Assert.Equal((3L, 0L), (BitConverter.ToInt64(machine.Device.Bytes(2)), BitConverter.ToInt64(machine.Device.Bytes(12))));
        Assert.Equal(new DeviceMemoryCounters { PagesToDevice = 16, Allocations = 1, PeakPages = 16 }, machine.Memory.Counters);
    }

    [Fact]
    public void Blocks_are_as_large_as_fits_what_moves_and_no_page_is_taken_in_vain()
    {
        using var machine = new TestMachine();
        machine.Map(13);
        machine.Write(0, 13);
        Assert.Equal(13, machine.ToDevice(0, 13).Pages);
        Assert.Equal([new(0, 3), new(8, 2), new(12, 0)], Assert.Single(machine.Memory.Allocations).Blocks);
        Assert.Equal(1024UL - 13, machine.Device.FreePages);
    }

    [Fact]
    public void A_range_is_moved_across_mappings_and_holes_are_passed_over()
    {
        using var machine = new TestMachine();
        machine.MapAt(2, 3);
        machine.MapAt(8, 2, Protection.Read);
        machine.Write(2, 3);
        Assert.Equal(new DeviceMigrationResult(5, Errno.None), machine.ToDevice(0, 16));
        Assert.Equal("..DDD...DD......", machine.Where(0, 16));
        Assert.Equal(2, machine.Memory.Allocations.Count);
        Assert.Equal((3L, 0L), (machine.Read(2), machine.Read(9)));
    }

    [Fact]
    public void Pages_that_are_there_already_or_pinned_stay_where_they_are_and_do_not_count()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        Assert.Equal(1, machine.ToDevice(1, 1).Pages);
        FrameNumber pinned = machine.Mm.PageTable.Read(TestMachine.AddressOf(2)).Frame;
        machine.Frames.Get(pinned);
        Assert.Equal(new DeviceMigrationResult(2, Errno.None), machine.ToDevice(0, 4));
        Assert.Equal("DDSD", machine.Where(0, 4));
        machine.Frames.Put(pinned);
        Assert.Equal([TestMachine.Pages(1, 1), TestMachine.Pages(0, 1), TestMachine.Pages(3, 1)], machine.Device.Drops);
    }

    [Fact]
    public void When_the_device_is_full_and_nothing_leaves_for_others_the_rest_stays_at_home_and_the_error_says_so()
    {
        using var machine = new TestMachine(devicePages: 8, new DeviceMemoryOptions { Eviction = null });
        machine.Map(12);
        machine.Write(0, 12);
        Assert.Equal(new DeviceMigrationResult(8, Errno.ENOMEM), machine.ToDevice(0, 12));
        Assert.Equal("DDDDDDDDSSSS", machine.Where(0, 12));
        Assert.Equal(new DeviceMigrationResult(0, Errno.ENOMEM), machine.ToDevice(8, 4));
        Assert.Equal(4, machine.Frames.AllocatedFrames);
    }

    [Fact]
    public void What_has_become_free_is_found_before_memory_counts_as_short()
    {
        using var machine = new TestMachine(devicePages: 8);
        machine.Map(16);
        machine.Write(0, 16);
        Assert.Equal(8, machine.ToDevice(0, 8).Pages);
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(0), 4 * Page.Size));
        Assert.Equal((0UL, 4L), (machine.Device.FreePages, machine.Memory.UsedPages));
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), machine.ToDevice(8, 4));
        Assert.Equal("....DDDDDDDDSSSS", machine.Where(0, 16));
    }

    [Fact]
    public void Huge_pages_move_as_one_and_come_home_as_one()
    {
        using var machine = new TestMachine();
        machine.Map(512);
        Assert.Equal(Errno.None, machine.Mm.Advise(TestMachine.Base, 512 * Page.Size, Advice.HugePage));
        machine.Write(0, 1);
        machine.Cpu.Store(TestMachine.AddressOf(511), 77L);
        Assert.Equal(new DeviceMigrationResult(512, Errno.None), machine.ToDevice(0, 512));
        ResidencyRun run = Assert.Single(machine.Mm.Residency(TestMachine.Pages(0, 512)));
        Assert.Equal((PageLocation.DevicePrivate, HugePage.Size), (run.Location, run.PageSize));
        Assert.Equal(["to 512, 512 copied"], machine.Device.Copies);
        Assert.Equal(77, machine.Read(511));
        run = Assert.Single(machine.Mm.Residency(TestMachine.Pages(0, 512)));
        Assert.Equal((PageLocation.System, HugePage.Size), (run.Location, run.PageSize));
        Assert.Equal((512L, 0L), (machine.Memory.Counters.PagesHomeByFault, machine.Memory.UsedPages));
    }

    [Fact]
    public void A_full_block_of_single_pages_becomes_one_block_of_the_device_and_is_copied_in_one_job()
    {
        using var machine = new TestMachine();
        machine.Map(512);
        machine.Write(0, 512);
        Assert.Equal(new DeviceMigrationResult(512, Errno.None), machine.ToDevice(0, 512));
        Assert.Equal([new DeviceBlock(0, 9)], Assert.Single(machine.Memory.Allocations).Blocks);
        Assert.Equal((1, 1), (machine.Device.Copies.Count, machine.Device.Drops.Count));

        // The device finds the frames one behind the other, so they are one copy.
        Assert.Equal((1, 512), (machine.Device.Commands, machine.Device.Maps));
        Assert.Equal(Enumerable.Range(0, 512).Select(i => (ulong)i), FramesOf(machine, 512));

        // One job and one drop home, too; what was a block goes back as one.
        Assert.Equal(Errno.None, machine.Memory.Evict(machine.Memory.Allocations[0]));
        Assert.Equal((2, 1024UL), (machine.Device.Copies.Count, machine.Device.FreePages));
    }

    [Fact]
    public void A_huge_page_is_one_copy_one_mapping_for_DMA_and_one_drop_whichever_way_it_goes()
    {
        using var machine = new TestMachine();
        machine.Map(512);
        Assert.Equal(Errno.None, machine.Mm.Advise(TestMachine.Base, 512 * Page.Size, Advice.HugePage));
        machine.Write(0, 1);
        Assert.Equal(512, machine.ToDevice(0, 512).Pages);
        Assert.Equal(Errno.None, machine.Memory.Evict(machine.Memory.Allocations[0]));
        Assert.Equal(512, machine.ToDevice(0, 512).Pages);
        Assert.Equal(512, machine.Memory.MigrateToSystem(machine.Mm, TestMachine.Pages(0, 512)).Pages);
        Assert.Equal(512, machine.ToDevice(0, 512).Pages);
        Assert.Equal(1, machine.Read(0));
        Assert.Equal((6, 6), (machine.Device.Commands, machine.Device.Maps));
        Assert.Equal(Enumerable.Repeat(TestMachine.Pages(0, 512), 5), machine.Device.Drops);
        Assert.Equal(HugePage.Size, Assert.Single(machine.Mm.Residency(TestMachine.Pages(0, 512))).PageSize);
    }

    [Fact]
    public void A_huge_page_for_which_there_is_no_block_goes_to_single_pages()
    {
        using var machine = new TestMachine();
        machine.Device.LargestOrder = 6;
        machine.Map(512);
        Assert.Equal(Errno.None, machine.Mm.Advise(TestMachine.Base, 512 * Page.Size, Advice.HugePage));
        machine.Write(0, 512);
        Assert.Equal(new DeviceMigrationResult(512, Errno.None), machine.ToDevice(0, 512));
        Assert.Equal(8, Assert.Single(machine.Memory.Allocations).Blocks.Count);
        Assert.Equal(Page.Size, machine.Mm.Residency(TestMachine.Pages(0, 512))[0].PageSize);
        Assert.Equal(301, machine.Read(300));
    }

    [Fact]
    public void A_page_that_fork_shares_moves_for_both_and_stays_shared()
    {
        using var machine = new TestMachine();
        machine.Map(2);
        machine.Write(0, 2);
        AddressSpace child = machine.Fork(out CpuThread cpu);
        Assert.Equal(2, machine.ToDevice(0, 2).Pages);
        Assert.Equal("DD", TestMachine.Where(child, 0, 2));
        Assert.Equal(2, cpu.Load<long>(TestMachine.AddressOf(1)));
        Assert.Equal(("SS", "SS", 2L), (machine.Where(0, 2), TestMachine.Where(child, 0, 2), machine.Frames.AllocatedFrames));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void A_frame_that_cannot_be_mapped_for_DMA_leaves_everything_as_it_was(int which) => LeavesAllAsItWas(device => device.FailMap = which, Errno.ENOMEM);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    public void A_copy_that_fails_leaves_everything_as_it_was(int which) => LeavesAllAsItWas(device => device.FailCopy = which, Errno.EIO);

    [Fact]
    public void After_a_failed_copy_the_next_window_is_tried()
    {
        using var machine = new TestMachine();
        machine.MapAt(0, 4);
        machine.MapAt(8, 4);
        machine.Write(0, 4);
        machine.Device.FailCopy = 2;
        Assert.Equal(new DeviceMigrationResult(4, Errno.EIO), machine.ToDevice(0, 12));
        Assert.Equal("SSSS....DDDD", machine.Where(0, 12));
        Assert.Equal([1L, 2, 3, 4], Enumerable.Range(0, 4).Select(machine.Read));
    }

    [Fact]
    public void A_page_that_the_CPU_is_quicker_with_drops_out_and_is_counted()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 3);

        // Nothing was there, so the touch does not wait for the migration.
        machine.Device.DuringCopy = () => SvmThread.Start("touch", () => machine.OtherCpu.Store(TestMachine.AddressOf(3), 42L)).Join();
        Assert.Equal(new DeviceMigrationResult(3, Errno.None), machine.ToDevice(0, 4));
        Assert.Equal("DDDS", machine.Where(0, 4));
        Assert.Equal((3L, 1L, 3L), (machine.Memory.Counters.PagesToDevice, machine.Memory.Counters.PagesRaced, machine.Memory.UsedPages));
        Assert.Equal(42, machine.Read(3));
    }

    [Fact]
    public void What_is_no_whole_pages_is_refused()
    {
        using var machine = new TestMachine();
        Assert.Throws<ArgumentException>(() => machine.Memory.MigrateToDevice(machine.Mm, new AddressRange(1, Page.Size)));
        Assert.Equal(new DeviceMigrationResult(0, Errno.None), machine.ToDevice(0, 4));
    }

    private static IEnumerable<ulong> FramesOf(TestMachine machine, int count) => Enumerable.Range(0, count).Select(
        page => machine.Mm.PageTable.Read(TestMachine.AddressOf(page)).Frame.Value - machine.Memory.Pagemap.FirstFrame.Value);

    private static void LeavesAllAsItWas(Action<TestDevice> fail, Errno expected)
    {
        using var machine = new TestMachine();
        machine.Map(12);
        machine.Write(0, 10);
        fail(machine.Device);
        Assert.Equal(new DeviceMigrationResult(0, expected), machine.ToDevice(0, 12));
        machine.Memory.Reclaim();
        Assert.Equal(("SSSSSSSSSS--", 10L), (machine.Where(0, 12), machine.Frames.AllocatedFrames));
        Assert.Equal((0L, 1024UL, 0L), (machine.Memory.UsedPages, machine.Device.FreePages, machine.Device.MappedPages));
        Assert.Equal([1L, 2, 3, 4, 5, 6, 7, 8, 9, 10], Enumerable.Range(0, 10).Select(machine.Read));
        Assert.Equal(new DeviceMemoryCounters { FailedMoves = 1, Allocations = 1, Releases = 1, PeakPages = 12 }, machine.Memory.Counters);
        Assert.Equal(12, machine.ToDevice(0, 12).Pages);
    }
}
