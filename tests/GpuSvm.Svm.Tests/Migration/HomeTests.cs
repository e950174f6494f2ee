namespace GpuSvm.Svm.Tests.Migration;

/// <summary>Pages go home: by touch, by eviction, or for good.</summary>
public sealed class HomeTests
{
    [Theory]
    [InlineData(1, "DDDDDSDDDDDDDDDD")]
    [InlineData(4, "DDDDSSSSDDDDDDDD")]
    [InlineData(16, "SSSSSSSSSSSSSSSS")]
    public void A_touch_brings_the_aligned_block_around_the_page_home(int readAround, string where)
    {
        using var machine = new TestMachine(options: new DeviceMemoryOptions { ReadAroundPages = readAround });
        machine.Map(16);
        machine.Write(0, 16);
        machine.ToDevice(0, 16);
        machine.Device.Drops.Clear();
        Assert.Equal(6, machine.Read(5));
        Assert.Equal(where, machine.Where(0, 16));
        Assert.Equal([TestMachine.Pages(5 / readAround * readAround, readAround)], machine.Device.Drops);
        Assert.Equal((1L, readAround), (machine.Memory.Counters.CpuFaults, machine.Memory.Counters.PagesHomeByFault));
        Assert.Equal(16 - readAround, machine.Memory.UsedPages);
        machine.Memory.Reclaim();
        Assert.Equal(1024UL - 16 + (ulong)readAround, machine.Device.FreePages);
        Assert.Equal(Enumerable.Range(1, 16).Select(i => (long)i), Enumerable.Range(0, 16).Select(machine.Read));
        machine.Memory.Reclaim();
        Assert.Equal((1024UL, 1L), (machine.Device.FreePages, machine.Memory.Counters.Releases));
    }

    [Theory]
    [InlineData(0, 16, 1, 1)]
    [InlineData(15, 16, -1, 16)]
    [InlineData(1, 15, 1, 4)]
    [InlineData(0, 8, 2, 8)]
    public void Pages_that_have_left_one_behind_the_other_are_given_back_in_blocks_that_are_as_large_as_can_be(
        int first, int count, int step, int releases)
    {
        using var machine = new TestMachine(options: new DeviceMemoryOptions { ReadAroundPages = 1 });
        machine.Map(16);
        machine.Write(0, 16);
        machine.ToDevice(0, 16);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(first + (i * step) + 1, machine.Read(first + (i * step)));
        }

        machine.Memory.Reclaim();
        Assert.Equal((releases, 1024UL - 16 + (ulong)count), (machine.Device.Releases, machine.Device.FreePages));
    }

    [Fact]
    public void Neighbours_of_another_allocation_or_mapping_stay()
    {
        using var machine = new TestMachine();
        machine.Map(12);
        machine.Write(0, 12);
        machine.ToDevice(0, 4);
        machine.ToDevice(4, 8);
        Assert.Equal(Errno.None, machine.Mm.Protect(TestMachine.AddressOf(8), 4 * Page.Size, Protection.Read));
        Assert.Equal(6, machine.Read(5));
        Assert.Equal("DDDDSSSSDDDD", machine.Where(0, 12));
    }

    [Fact]
    public void A_store_brings_the_page_home_and_is_not_lost()
    {
        using var machine = new TestMachine();
        machine.Map(2);
        machine.Write(0, 2);
        machine.ToDevice(0, 2);
        machine.Device.Bytes(1)[0] = 99;
        machine.Cpu.Store(TestMachine.AddressOf(1) + 8, 5L);
        Assert.Equal((99L, 5L), (machine.Read(1), machine.Cpu.Load<long>(TestMachine.AddressOf(1) + 8)));
    }

    [Fact]
    public void A_touch_that_finds_no_frame_fails_and_the_page_stays_whole()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        machine.ToDevice(0, 4);
        machine.FailAllocations(from: 1);
        Assert.Throws<SvmException>(() => machine.Read(2));
        machine.FailAllocations(from: 0);
        Assert.Equal(("DDDD", 4L, 0L), (machine.Where(0, 4), machine.Memory.UsedPages, machine.Frames.AllocatedFrames));
        Assert.Equal(3, machine.Read(2));
    }

    [Fact]
    public void Where_frames_are_short_the_page_that_was_touched_comes_first()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        machine.ToDevice(0, 4);
        machine.FailAllocations(from: 3);
        Assert.Equal(3, machine.Read(2));
        Assert.Equal("SDSD", machine.Where(0, 4));
        machine.FailAllocations(from: 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_copy_home_that_fails_changes_nothing(int which)
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        machine.ToDevice(0, 4);
        machine.Device.FailCopy = which;
        Assert.Throws<SvmException>(() => machine.Read(2));
        Assert.Equal(("DDDD", 0L, 0L), (machine.Where(0, 4), machine.Frames.AllocatedFrames, machine.Device.MappedPages));
        Assert.Equal([1L, 2, 3, 4], Enumerable.Range(0, 4).Select(machine.Read));
    }

    [Fact]
    public void A_frame_that_cannot_be_mapped_for_DMA_keeps_only_its_own_page_away()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        machine.ToDevice(0, 4);
        machine.Device.FailMap = 1;
        Assert.Throws<SvmException>(() => machine.Read(2));
        Assert.Equal(("DDDD", 0L), (machine.Where(0, 4), machine.Frames.AllocatedFrames));
        machine.Device.FailMap = 2;
        Assert.Equal(3, machine.Read(2));
        Assert.Equal("DDSD", machine.Where(0, 4));
    }

    [Fact]
    public void Unmapping_gives_the_memory_back_later_and_the_allocation_with_the_last_page()
    {
        using var machine = new TestMachine();
        machine.Map(8);
        machine.Write(0, 8);
        machine.ToDevice(0, 8);
        DeviceAllocation allocation = Assert.Single(machine.Memory.Allocations);
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(0), 7 * Page.Size));
        Assert.Equal((1024UL - 8, 1, false), (machine.Device.FreePages, allocation.PageCount, allocation.IsReleased));
        machine.Memory.Reclaim();
        Assert.Equal((1024UL - 1, false), (machine.Device.FreePages, allocation.IsReleased));
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(7), Page.Size));
        machine.Memory.Reclaim();
        Assert.Equal((1024UL, true), (machine.Device.FreePages, allocation.IsReleased));
        Assert.Empty(machine.Memory.Allocations);
    }

    [Fact]
    public void Releases_are_done_by_the_queue_that_was_given()
    {
        using var queue = new WorkQueue("releases");
        using var machine = new TestMachine(options: new DeviceMemoryOptions { Releases = queue });
        machine.Map(8);
        machine.Write(0, 8);
        machine.ToDevice(0, 8);
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(0), 8 * Page.Size));
        Assert.True(queue.Flush(Clock.Monotonic.After(TimeSpan.FromSeconds(30))));
        Assert.Equal((1024UL, 1L), (machine.Device.FreePages, machine.Memory.Counters.Releases));
    }

    [Fact]
    public void Eviction_empties_an_allocation_wherever_its_pages_are_mapped_and_no_other()
    {
        using var machine = new TestMachine();
        machine.Map(16);
        machine.Write(0, 16);
        machine.ToDevice(0, 8);
        machine.ToDevice(8, 8);
        AddressSpace child = machine.Fork(out CpuThread cpu);
        Assert.Equal(Errno.None, machine.Memory.Evict(machine.Memory.Allocations[0]));
        Assert.Equal("SSSSSSSSDDDDDDDD", machine.Where(0, 16));
        Assert.Equal("SSSSSSSSDDDDDDDD", TestMachine.Where(child, 0, 16));
        Assert.Equal((8L, 8L, 1024UL - 8), (machine.Memory.Counters.PagesEvicted, machine.Memory.UsedPages, machine.Device.FreePages));
        Assert.Equal((8, 9), (cpu.Load<long>(TestMachine.AddressOf(7)), cpu.Load<long>(TestMachine.AddressOf(8))));
    }

    [Fact]
    public void An_evicted_allocation_leaves_pages_alone_that_have_its_place_since()
    {
        using var machine = new TestMachine(devicePages: 8);
        machine.Map(16);
        machine.Write(0, 16);
        machine.ToDevice(0, 8);
        DeviceAllocation first = machine.Memory.Allocations[0];
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(0), 4 * Page.Size));
        machine.ToDevice(8, 4);
        Assert.Equal(Errno.None, machine.Memory.Evict(first));
        Assert.Equal("....SSSSDDDDSSSS", machine.Where(0, 16));
    }

    [Fact]
    public void A_page_that_somebody_holds_is_tried_a_few_times_and_then_busy()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        machine.ToDevice(0, 4);
        FrameNumber held = machine.Memory.Pagemap.FirstFrame + 2;
        machine.Frames.Get(held);
        Assert.Equal(Errno.EBUSY, machine.Memory.Evict(machine.Memory.Allocations[0]));
        Assert.Equal("SSDS", machine.Where(0, 4));
        Assert.Equal(Errno.EBUSY, machine.Memory.EvictAll(default));
        machine.Frames.Put(held);
        Assert.Equal(Errno.None, machine.Memory.EvictAll(default));
        Assert.Equal(("SSSS", 0L), (machine.Where(0, 4), machine.Memory.UsedPages));
    }

    [Fact]
    public void Eviction_without_frames_or_with_a_failing_copy_says_so_and_loses_nothing()
    {
        using var machine = new TestMachine();
        machine.Map(4);
        machine.Write(0, 4);
        machine.ToDevice(0, 4);
        machine.FailAllocations(from: 3);
        Assert.Equal(Errno.ENOMEM, machine.Memory.EvictAll(default));
        Assert.Equal("SSDD", machine.Where(0, 4));
        machine.FailAllocations(from: 0);
        Assert.Equal(Errno.None, machine.Memory.EvictAll(default));
        Assert.Equal(4, machine.ToDevice(0, 4).Pages);
        machine.Device.FailCopy = 1;
        Assert.Equal(Errno.None, machine.Memory.Evict(machine.Memory.Allocations[0]));
        Assert.Equal(1, machine.Memory.Counters.FailedMoves);
        Assert.Equal([1L, 2, 3, 4], Enumerable.Range(0, 4).Select(machine.Read));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        using var machine = new TestMachine();
        Check(new DeviceMemoryOptions { ReadAroundPages = 0 });
        Check(new DeviceMemoryOptions { ReadAroundPages = 3 });
        Check(new DeviceMemoryOptions { ReadAroundPages = 1024 });
        Check(new DeviceMemoryOptions { EvictionTries = 0 });

        void Check(DeviceMemoryOptions options) => Assert.Throws<ArgumentOutOfRangeException>(
            () => DeviceMemory.TryCreate(machine.Frames, machine.Device, machine.Device, options, out _));
    }
}
