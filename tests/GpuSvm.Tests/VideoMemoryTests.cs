using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Tests;

/// <summary>A program moves its memory to the GPU and back, on a whole machine.</summary>
public sealed class VideoMemoryTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public async Task What_was_moved_is_used_there_and_comes_home_by_touch_with_its_neighbours(ExecutionMode mode)
    {
        using var machine = new Machine(new MachineOptions { Execution = mode, ReadAroundPages = 8, SystemMemory = ByteSize.MiB(64) });
        using SimulatedProcess process = machine.StartProcess();
        VirtualAddress at = process.Map(ByteSize.KiB(128), Protection.ReadWrite);
        CpuThread cpu = process.Cpu(0);
        for (ulong page = 0; page < 20; page++)
        {
            cpu.Store(at + (page * Page.Size), (long)page);
        }

        Assert.Equal(Errno.None, process.TryMigrateToDevice(at + 100, ByteSize.KiB(127), out long pages));
        Assert.Equal((32L, 32L, 0L), (pages, machine.VideoPages, machine.AllocatedFrames));
        LaunchResult result = await machine.Gpu.LaunchAsync(process, AddTen, 1, 32, at);
        result.ThrowIfFailed();
        Assert.Equal((0L, 0L), (machine.Counters.Faults, machine.DmaMappedPages));

        Assert.Equal(19, cpu.Load<long>(at + (9 * Page.Size)));
        Assert.Equal((24UL, 8UL), (PagesIn(PageLocation.DevicePrivate), PagesIn(PageLocation.System)));
        Assert.Equal(8, machine.AllocatedFrames);
        for (ulong page = 0; page < 32; page++)
        {
            Assert.Equal((page < 20 ? (long)page : 0) + 10, cpu.Load<long>(at + (page * Page.Size)));
        }

        ulong PagesIn(PageLocation location) => process.Residency(at, ByteSize.KiB(128))
            .Where(run => run.Location == location).Aggregate(0UL, (sum, run) => sum + run.Range.PageCount);
    }

    [Fact]
    public void Pages_that_are_there_when_the_machine_ends_leave_nothing_behind()
    {
        using var machine = new Machine(new MachineOptions { VideoMemory = ByteSize.MiB(1), SystemMemory = ByteSize.MiB(64) });
        SimulatedProcess process = machine.StartProcess();
        VirtualAddress at = process.Map(ByteSize.MiB(2), Protection.ReadWrite);
        Assert.Equal(Errno.ENOMEM, process.TryMigrateToDevice(at, ByteSize.MiB(2), out long pages));
        Assert.Equal(pages, machine.VideoPages);
        Assert.Equal(232, pages); // 256 but for a thirty-second and 16, which page tables need
        Assert.Equal(Errno.EINVAL, process.TryMigrateToDevice(at, 0, out _));
        Assert.Equal(Errno.EINVAL, process.TryMigrateToDevice(ulong.MaxValue - 4, 4096, out _));
    }

    [Fact]
    public void The_number_of_pages_that_come_home_together_is_a_power_of_two() =>
        Assert.All([0, 3, 1024], pages => Assert.Throws<ArgumentOutOfRangeException>(() => new Machine(new MachineOptions { ReadAroundPages = pages })));

    private static async GpuTask AddTen(GpuThread t, VirtualAddress at) => await t.AtomicAdd(at + ((ulong)t.GlobalIndex * Page.Size), 10L);
}
