namespace GpuSvm.Svm.Tests.Migration;

/// <summary>Device memory that the CPU reaches: pages are used where they lie, by both.</summary>
public sealed class CoherentTests
{
    [Fact]
    public void The_CPU_reads_and_writes_pages_where_they_lie_and_none_comes_home()
    {
        using TestMachine machine = Make();
        machine.Map(8);
        machine.Write(0, 6);
        Assert.Equal(new DeviceMigrationResult(8, Errno.None), machine.ToDevice(0, 8));
        Assert.Equal(("CCCCCCCC", 8L, 0L), (machine.Where(0, 8), machine.Memory.UsedPages, machine.Frames.AllocatedFrames));
        Assert.Equal((6L, 0L), (machine.Read(5), machine.Read(7)));

        machine.Cpu.Store(TestMachine.AddressOf(5), 55L);
        Assert.Equal(55, BitConverter.ToInt64(machine.Device.Bytes(5)));
        machine.Device.Bytes(6)[0] = 66;
        Assert.Equal(66, machine.Read(6));
        Assert.Equal(("CCCCCCCC", 0L, 0L), (machine.Where(0, 8), machine.Memory.Counters.CpuFaults, machine.Memory.Counters.PagesHomeByFault));
    }

    [Theory]
    [InlineData(DevicePageKind.Private, "SSSSDDDD")]
    [InlineData(DevicePageKind.Coherent, "SSSSCCCC")]
    public void Pages_come_home_when_asked_with_what_was_written_there(DevicePageKind kind, string where)
    {
        using TestMachine machine = Make(kind);
        machine.Map(8);
        machine.Write(0, 8);
        machine.ToDevice(0, 8);
        machine.Device.Bytes(3)[0] = 33;
        machine.Device.Drops.Clear();
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), machine.Memory.MigrateToSystem(machine.Mm, TestMachine.Pages(0, 4)));
        Assert.Equal((where, 4L, 4L), (machine.Where(0, 8), machine.Memory.UsedPages, machine.Frames.AllocatedFrames));
        Assert.Equal([TestMachine.Pages(0, 4)], machine.Device.Drops);
        Assert.Equal((33L, 4L), (machine.Read(3), machine.Memory.Counters.PagesHomeByRequest));

        // What is home stays, what was never touched is not made, and holes are passed over.
        machine.MapAt(10, 4);
        Assert.Equal(new DeviceMigrationResult(4, Errno.None), machine.Memory.MigrateToSystem(machine.Mm, TestMachine.Pages(0, 16)));
        Assert.Equal("SSSSSSSS..----..", machine.Where(0, 16));
        Assert.Equal(new DeviceMigrationResult(0, Errno.None), machine.Memory.MigrateToSystem(machine.Mm, TestMachine.Pages(0, 16)));
        Assert.Equal(8, machine.Memory.Counters.PagesHomeByRequest);
    }

    [Fact]
    public void Huge_pages_go_there_and_back_as_one()
    {
        using TestMachine machine = Make();
        machine.Map(512);
        Assert.Equal(Errno.None, machine.Mm.Advise(TestMachine.Base, 512 * Page.Size, Advice.HugePage));
        machine.Write(0, 1);
        Assert.Equal(512, machine.ToDevice(0, 512).Pages);
        machine.Cpu.Store(TestMachine.AddressOf(511), 77L);
        ResidencyRun run = Assert.Single(machine.Mm.Residency(TestMachine.Pages(0, 512)));
        Assert.Equal((PageLocation.DeviceCoherent, HugePage.Size), (run.Location, run.PageSize));
        Assert.Equal(512, machine.Memory.MigrateToSystem(machine.Mm, TestMachine.Pages(0, 512)).Pages);
        run = Assert.Single(machine.Mm.Residency(TestMachine.Pages(0, 512)));
        Assert.Equal((PageLocation.System, HugePage.Size, 77L), (run.Location, run.PageSize, machine.Read(511)));
    }

    [Fact]
    public void Eviction_empties_an_allocation_that_two_processes_share()
    {
        using TestMachine machine = Make();
        machine.Map(8);
        machine.Write(0, 8);
        machine.ToDevice(0, 8);
        AddressSpace child = machine.Fork(out CpuThread cpu);
        Assert.Equal(("CCCCCCCC", 8L), (TestMachine.Where(child, 0, 8), machine.Memory.UsedPages));

        // A store of either makes a page of its own in the system's memory; the other keeps the device's.
        cpu.Store(TestMachine.AddressOf(2), 22L);
        Assert.Equal(("CCSCCCCC", "CCCCCCCC", 3L), (TestMachine.Where(child, 0, 8), machine.Where(0, 8), machine.Read(2)));

        Assert.Equal(Errno.None, machine.Memory.Evict(Assert.Single(machine.Memory.Allocations)));
        Assert.Equal(("SSSSSSSS", "SSSSSSSS", 0L), (TestMachine.Where(child, 0, 8), machine.Where(0, 8), machine.Memory.UsedPages));
        Assert.Equal((22L, 3L, 8L), (cpu.Load<long>(TestMachine.AddressOf(2)), machine.Read(2), machine.Read(7)));
    }

    [Fact]
    public void Unmapping_gives_the_memory_back_and_the_allocation_with_the_last_page()
    {
        using TestMachine machine = Make();
        machine.Map(8);
        machine.Write(0, 8);
        machine.ToDevice(0, 8);
        DeviceAllocation allocation = Assert.Single(machine.Memory.Allocations);
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(0), 7 * Page.Size));
        machine.Memory.Reclaim();
        Assert.Equal((1024UL - 1, 1, false), (machine.Device.FreePages, allocation.PageCount, allocation.IsReleased));
        Assert.Equal(8, machine.Read(7));
        Assert.Equal(Errno.None, machine.Mm.Unmap(TestMachine.AddressOf(7), Page.Size));
        machine.Memory.Reclaim();
        Assert.Equal((1024UL, true), (machine.Device.FreePages, allocation.IsReleased));
    }

    [Fact]
    public void The_memory_goes_only_when_no_page_lives_there_and_its_frames_can_be_taken_again()
    {
        using TestMachine machine = Make();
        machine.Map(2);
        machine.Write(0, 2);
        machine.ToDevice(0, 2);
        Assert.Throws<InvalidOperationException>(machine.Memory.Dispose);
        Assert.Equal(Errno.None, machine.Memory.EvictAll(default));
        FrameNumber first = machine.Memory.Pagemap.FirstFrame;
        Assert.Equal(Errno.EBUSY, Add(first));
        Assert.Equal(Errno.EBUSY, Add(new FrameNumber(first.Value - 512)));
        machine.Memory.Dispose();
        Assert.Equal(Errno.None, Add(first));

        Errno Add(FrameNumber at)
        {
            var options = new DeviceMemoryOptions { CoherentAt = at };
            Errno error = DeviceMemory.TryCreate(machine.Frames, machine.Device, machine.Device, options, out DeviceMemory? memory);
            memory?.Dispose();
            return error;
        }
    }

    private static TestMachine Make(DevicePageKind kind = DevicePageKind.Coherent) => new(kind: kind);
}
