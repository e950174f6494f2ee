namespace GpuSvm.Svm.Tests.Eviction;

/// <summary>More pages want to live on the device than fit: others leave for them.</summary>
public sealed class OversubscriptionTests
{
    [Fact]
    public void What_was_there_first_leaves_for_what_comes_and_no_byte_is_lost()
    {
        using TestMachine machine = Full();
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), machine.ToDevice(16, 4));
        Assert.Equal("SSSSDDDDDDDDDDDDDDDDSSSS", machine.Where(0, 24));
        DeviceMemoryCounters counters = machine.Memory.Counters;
        Assert.Equal((1L, 4L, 0L), (counters.Evictions, counters.PagesEvicted, counters.EvictionFailures));
        Assert.Equal((16L, 16L, 16L), (counters.PeakPages, machine.Memory.TakenPages, machine.Memory.UsedPages));
        Assert.Equal(Enumerable.Range(1, 24).Select(i => (long)i), Enumerable.Range(0, 24).Select(machine.Read));
    }

    [Fact]
    public void What_the_device_has_used_stays_and_the_next_leaves()
    {
        using TestMachine machine = Full(EvictionPolicies.LeastRecentlyUsed);
        machine.Touch(0);
        Assert.Equal(4, machine.ToDevice(16, 4).Pages);
        Assert.Equal("DDDDSSSSDDDDDDDDDDDD", machine.Where(0, 20));
    }

    [Fact]
    public void By_age_what_came_first_leaves_though_the_device_uses_it()
    {
        using TestMachine machine = Full(EvictionPolicies.OldestAllocation);
        machine.Touch(0);
        Assert.Equal(4, machine.ToDevice(16, 4).Pages);
        Assert.Equal("SSSSDDDDDDDDDDDDDDDD", machine.Where(0, 20));
    }

    [Fact]
    public void As_many_leave_as_are_needed()
    {
        using TestMachine machine = Full();
        Assert.Equal(8, machine.ToDevice(16, 8).Pages);
        Assert.Equal("SSSSSSSSDDDDDDDDDDDDDDDD", machine.Where(0, 24));
        Assert.Equal(2, machine.Memory.Counters.Evictions);
    }

    [Fact]
    public void The_limit_leaves_the_rest_of_the_memory_to_page_tables()
    {
        using var machine = new TestMachine(devicePages: 64, new DeviceMemoryOptions { PageLimit = 6 });
        machine.Map(16);
        machine.Write(0, 16);
        Assert.Equal(6UL, machine.Memory.PageLimit);
        Assert.Equal(4, machine.ToDevice(0, 4).Pages);
        Assert.Equal(4, machine.ToDevice(4, 4).Pages);
        Assert.Equal("SSSSDDDDSSSS", machine.Where(0, 12));
        Assert.Equal(new DeviceMigrationResult(6, Errno.ENOMEM), machine.ToDevice(8, 8));
        Assert.Equal((6L, 58UL), (machine.Memory.Counters.PeakPages, machine.Device.FreePages));
    }

    [Fact]
    public void An_allocation_of_which_a_page_is_pinned_is_passed_over_and_another_leaves()
    {
        using TestMachine machine = Full();
        FrameNumber pinned = machine.Mm.PageTable.Read(TestMachine.AddressOf(1)).Frame;
        machine.Frames.Get(pinned);
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), machine.ToDevice(16, 4));
        Assert.Equal("SDSSSSSSDDDDDDDDDDDD", machine.Where(0, 20));
        Assert.Equal((1L, 1L), (machine.Memory.Counters.Evictions, machine.Memory.Counters.EvictionFailures));

        // Three of its pages have left all the same; the next to leave is not the pinned one: it stands behind all others now.
        Assert.Equal(4, machine.ToDevice(20, 4).Pages);
        Assert.Equal((1L, "SDSSSSSS"), (machine.Memory.Counters.EvictionFailures, machine.Where(0, 8)));
        machine.Frames.Put(pinned);
    }

    [Fact]
    public void Where_every_page_is_pinned_the_request_gives_up()
    {
        using TestMachine machine = Full();
        FrameNumber[] pinned = [.. Enumerable.Range(0, 16).Select(page => machine.Mm.PageTable.Read(TestMachine.AddressOf(page)).Frame)];
        Array.ForEach(pinned, machine.Frames.Get);
        Assert.Equal(new DeviceMigrationResult(0, Errno.ENOMEM), machine.ToDevice(16, 4));
        Assert.Equal("DDDDDDDDDDDDDDDDSSSS", machine.Where(0, 20));
        Assert.Equal((0L, 4L), (machine.Memory.Counters.Evictions, machine.Memory.Counters.EvictionFailures));
        Array.ForEach(pinned, machine.Frames.Put);
    }

    [Fact]
    public void Where_there_is_no_frame_at_home_nothing_leaves_and_the_request_gives_up()
    {
        using TestMachine machine = Full();
        machine.FailAllocations(1);
        Assert.Equal(new DeviceMigrationResult(0, Errno.ENOMEM), machine.ToDevice(16, 4));
        Assert.Equal("DDDDDDDDDDDDDDDDSSSS", machine.Where(0, 20));
        machine.FailAllocations(0);
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), machine.ToDevice(16, 4));
    }

    [Fact]
    public void A_request_for_more_than_fits_keeps_what_it_has_brought_and_says_that_memory_is_short()
    {
        using TestMachine machine = Full();
        machine.MapAt(1024, 12);
        machine.MapAt(2048, 12);
        machine.Write(1024, 12);
        machine.Write(2048, 12);
        Assert.Equal(new DeviceMigrationResult(16, Errno.ENOMEM), machine.ToDevice(1024, 2048));
        Assert.Equal(("DDDDDDDDDDDD", "DDDDSSSSSSSS"), (machine.Where(1024, 12), machine.Where(2048, 12)));
        Assert.Equal("SSSSSSSSSSSSSSSS", machine.Where(0, 16));
    }

    [Fact]
    public void Others_have_left_before_a_page_of_the_move_is_locked()
    {
        using TestMachine machine = Full();
        FrameNumber comer = machine.Mm.PageTable.Read(TestMachine.AddressOf(16)).Frame;
        List<bool> locked = [];
        machine.Device.DuringCopy = () => locked.Add(machine.Frames.IsLocked(comer));
        Assert.Equal(4, machine.ToDevice(16, 4).Pages);
        Assert.Equal([false, true], locked);
        Assert.Equal(["from 4, 4 copied", "to 4, 4 copied"], machine.Device.Copies[^2..]);
    }

    [Fact]
    public void Pages_that_were_taken_for_a_move_and_not_needed_go_back()
    {
        using var machine = new TestMachine();
        machine.Map(8);
        machine.Write(0, 8);
        FrameNumber pinned = machine.Mm.PageTable.Read(TestMachine.AddressOf(2)).Frame;
        machine.Frames.Get(pinned);
        Assert.Equal(7, machine.ToDevice(0, 8).Pages);
        machine.Frames.Put(pinned);
        Assert.Equal((7L, 8L, 1017UL), (machine.Memory.TakenPages, machine.Memory.Counters.PeakPages, machine.Device.FreePages));
    }

    [Fact]
    public void What_is_on_the_device_already_needs_no_room()
    {
        using TestMachine machine = Full();
        Assert.Equal(new DeviceMigrationResult(0, Errno.None), machine.ToDevice(0, 16));
        Assert.Equal((0L, "DDDDDDDDDDDDDDDD"), (machine.Memory.Counters.Evictions, machine.Where(0, 16)));
    }

    [Fact]
    public void A_use_that_is_reported_late_is_passed_over()
    {
        using TestMachine machine = Full();
        FrameNumber frame = machine.Mm.PageTable.Read(TestMachine.AddressOf(0)).Frame;
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(0), 4 * Page.Size));
        machine.Memory.Touched(frame);
        machine.Memory.Touched(machine.Frames.ZeroFrame);
        Assert.Equal(4, machine.ToDevice(16, 4).Pages);
        Assert.Equal(0, machine.Memory.Counters.Evictions);
    }

    [Fact]
    public void A_limit_of_no_page_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TestMachine(8, new DeviceMemoryOptions { PageLimit = 0 }));

    /// <summary>A machine whose device of 16 pages holds the first 16 of 24, four allocations of four pages.</summary>
    private static TestMachine Full(Func<IEvictionPolicy>? policy = null)
    {
        var machine = new TestMachine(16, new DeviceMemoryOptions { Eviction = policy ?? EvictionPolicies.ScanResistant });
        machine.Map(24);
        machine.Write(0, 24);
        for (int first = 0; first < 16; first += 4)
        {
            Assert.Equal(4, machine.ToDevice(first, 4).Pages);
        }

        return machine;
    }
}
