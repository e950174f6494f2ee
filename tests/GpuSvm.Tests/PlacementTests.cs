using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Tests;

/// <summary>Pages of a machine live where its options say, and the machine tells where they are.</summary>
public sealed class PlacementTests
{
    [Theory]
    [InlineData(SvmResidency.System, 0, 512)]
    [InlineData(SvmResidency.Device, 511, 1)]
    [InlineData(SvmResidency.Auto, 511, 1)]
    public async Task A_page_that_the_cpu_touches_comes_home_and_the_rest_of_its_range_stays(SvmResidency placement, long onGpu, long atHome)
    {
        using var machine = new Machine(Options(placement));
        using SimulatedProcess process = machine.StartProcess();
        VirtualAddress at = Block(process);
        CpuThread cpu = process.Cpu(0);
        for (ulong page = 0; page < 512; page++)
        {
            cpu.Store(at + (page * Page.Size), (long)page);
        }

        (await machine.Gpu.LaunchAsync(process, AddTen, 16, 32, at)).ThrowIfFailed();
        Assert.Equal(110, cpu.Load<long>(at + (100 * Page.Size)));

        RangeResidency range = Assert.Single(process.Ranges());
        Assert.Equal(AddressRange.FromLength(at, ByteSize.MiB(2)), range.Range);
        Assert.Equal((onGpu, atHome), (range.VideoPages, range.SystemPages));
        MigrationCounters counters = machine.Counters.Migration;
        long moved = onGpu == 0 ? 0 : 512;
        Assert.Equal((moved, 0, 512 - onGpu - (512 - moved)), (counters.PagesToDeviceByFault, counters.PagesToDeviceByRequest, counters.PagesHomeByFault));
        Assert.Equal((moved, 1L, 0L), (counters.PeakVideoPages, counters.RangesMade, counters.RangesRemoved));
        Assert.Equal((ulong)moved * Page.Size, counters.BytesToDevice);
    }

    [Fact]
    public async Task What_a_program_asks_for_is_counted_apart_and_ranges_that_are_unmapped_are_removed()
    {
        using var machine = new Machine(Options(SvmResidency.Device));
        using SimulatedProcess process = machine.StartProcess();
        VirtualAddress at = Block(process);
        Assert.Equal(Errno.None, process.TryMigrateToDevice(at, ByteSize.KiB(64), out long pages));
        (await machine.Gpu.LaunchAsync(process, AddTen, 16, 32, at)).ThrowIfFailed();
        process.Unmap(at, ByteSize.MiB(2));
        (await machine.Gpu.LaunchAsync(process, AddTen, 16, 32, Block(process))).ThrowIfFailed();

        MigrationCounters counters = machine.Counters.Migration;
        Assert.Equal((16L, 16L, 1008L), (pages, counters.PagesToDeviceByRequest, counters.PagesToDeviceByFault));
        Assert.Equal((2L, 1L), (counters.RangesMade, counters.RangesRemoved));
        process.Dispose();
        Assert.Equal((2L, 2L), (machine.Counters.Migration.RangesMade, machine.Counters.Migration.RangesRemoved));
        Assert.Throws<ObjectDisposedException>(() => process.Ranges());
    }

    [Theory]
    [InlineData(MirrorStrategy.PerFault)]
    [InlineData(MirrorStrategy.VmaSized)]
    [InlineData(MirrorStrategy.TableAligned)]
    public async Task By_other_strategies_there_are_no_ranges(MirrorStrategy strategy)
    {
        using var machine = new Machine(new MachineOptions { Strategy = strategy, SystemMemory = ByteSize.MiB(64) });
        using SimulatedProcess process = machine.StartProcess();
        VirtualAddress at = Block(process);
        (await machine.Gpu.LaunchAsync(process, AddTen, 16, 32, at)).ThrowIfFailed();

        Assert.Empty(process.Ranges());
        Assert.Equal(new MigrationCounters(), machine.Counters.Migration);
        Assert.Equal(10, process.Cpu(0).Load<long>(at));
    }

    [Theory]
    [InlineData(EvictionPolicy.ScanResistant, true)]
    [InlineData(EvictionPolicy.LeastRecentlyUsed, true)]
    [InlineData(EvictionPolicy.OldestAllocation, true)]
    [InlineData(EvictionPolicy.None, false)]
    public async Task Without_a_policy_what_finds_no_room_stays_in_system_memory(EvictionPolicy policy, bool isEvicted)
    {
        MachineOptions options = Options(SvmResidency.Device) with { VideoMemory = ByteSize.MiB(1), Eviction = policy };
        using var machine = new Machine(options with { Ranges = options.Ranges with { ChunkSizes = [ByteSize.KiB(64), ByteSize.KiB(4)] } });
        using SimulatedProcess process = machine.StartProcess();
        VirtualAddress at = Block(process);
        (await machine.Gpu.LaunchAsync(process, AddTen, 16, 32, at)).ThrowIfFailed();

        MigrationCounters counters = machine.Counters.Migration;
        Assert.Equal(isEvicted, counters.Evictions > 0);
        Assert.InRange(counters.PeakVideoPages, 220, 232);
        for (ulong page = 0; page < 512; page++)
        {
            Assert.Equal(10, process.Cpu(0).Load<long>(at + (page * Page.Size)));
        }
    }

    private static MachineOptions Options(SvmResidency placement) => new()
    {
        Strategy = MirrorStrategy.SizedRanges,
        Ranges = new SvmRangeOptions { Placement = placement, Timeslice = TimeSpan.Zero },
        ReadAroundPages = 1,
        SystemMemory = ByteSize.MiB(64),
    };

    /// <summary>An aligned block of 2 MiB, all of one mapping.</summary>
    private static VirtualAddress Block(SimulatedProcess process)
    {
        VirtualAddress at = process.Map(ByteSize.MiB(4), Protection.ReadWrite);
        return (at.Value + ByteSize.MiB(2) - 1) & ~(ByteSize.MiB(2).Bytes - 1);
    }

    private static async GpuTask AddTen(GpuThread t, VirtualAddress at) => await t.AtomicAdd(at + ((ulong)t.GlobalIndex * Page.Size), 10L);
}
