using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Tests;

/// <summary>A program advises where its memory lives, on a whole machine.</summary>
public sealed class HintTests
{
    private const int Pages = 16;

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public async Task What_is_read_mostly_is_duplicated_once_and_what_the_CPU_writes_is_seen(ExecutionMode mode)
    {
        using var machine = new Machine(new MachineOptions { Execution = mode, SystemMemory = ByteSize.MiB(64) });
        using SimulatedProcess process = Start(machine, out VirtualAddress table, out VirtualAddress sums);
        process.Advise(table, Pages * Page.Size, MemoryAdvice.ReadMostly);
        CpuThread cpu = process.Cpu(0);
        long expected = Pages * (Pages - 1) / 2;
        for (int round = 1; round <= 3; round++)
        {
            (await machine.Gpu.LaunchAsync(process, SumUp, 1, 32, new Args(table, sums))).ThrowIfFailed();
            Assert.All(Enumerable.Range(0, 32), i => Assert.Equal(expected, cpu.Load<long>(sums + (8 * (ulong)i))));
            Assert.Equal(Pages + round - 1, machine.Counters.DuplicatedPages);
            cpu.Store(table + ((ulong)round * Page.Size), 100L + round);
            expected += 100;
        }

        Assert.Equal((ulong)Pages, process.Residency(table, Pages * Page.Size)
            .Where(run => run.Location == PageLocation.System).Aggregate(0UL, (sum, run) => sum + run.Range.PageCount));
    }

    [Fact]
    public async Task Memory_that_prefers_the_device_lives_there_after_the_first_touch_and_goes_home_when_that_is_preferred()
    {
        using var machine = new Machine(new MachineOptions { SystemMemory = ByteSize.MiB(64) });
        using SimulatedProcess process = Start(machine, out VirtualAddress table, out VirtualAddress sums);
        process.Advise(table, Pages * Page.Size, MemoryAdvice.PreferDevice);
        (await machine.Gpu.LaunchAsync(process, SumUp, 1, 1, new Args(table, sums))).ThrowIfFailed();
        Assert.Equal(Pages, machine.VideoPages);
        process.Advise(table, 4 * Page.Size, MemoryAdvice.PreferHost);
        Assert.Equal(
            [
                new AdviceRun(AddressRange.FromLength(table, 4 * Page.Size), MemoryAdvice.PreferHost),
                new AdviceRun(AddressRange.FromLength(table + (4 * Page.Size), (Pages - 4) * Page.Size), MemoryAdvice.PreferDevice),
            ],
            process.GetAdvice(table, Pages * Page.Size));
        (await machine.Gpu.LaunchAsync(process, SumUp, 1, 1, new Args(table, sums))).ThrowIfFailed();
        Assert.All(process.Residency(table, 4 * Page.Size), run => Assert.Equal(PageLocation.System, run.Location));
    }

    [Fact]
    public void What_cannot_be_advised_is_said_and_leaves_all_as_it_was()
    {
        using var machine = new Machine(new MachineOptions { SystemMemory = ByteSize.MiB(64) });
        using SimulatedProcess process = Start(machine, out VirtualAddress table, out _);
        Assert.Equal(Errno.ENOMEM, process.TryAdvise(table, ByteSize.GiB(1), MemoryAdvice.ReadMostly));
        Assert.Equal(Errno.EINVAL, process.TryAdvise(table + 8, 4096, MemoryAdvice.ReadMostly));
        Assert.Equal(Errno.EINVAL, process.TryAdvise(table, 0, MemoryAdvice.ReadMostly));
        Assert.Equal(Errno.EINVAL, process.TryAdvise(ulong.MaxValue - 4095, 8192, MemoryAdvice.ReadMostly));
        Assert.Equal(Errno.ENOMEM, Assert.Throws<SvmException>(() => process.Advise(table, ByteSize.GiB(1), MemoryAdvice.ReadMostly)).Error);
        Assert.Equal(MemoryAdvice.None, process.GetAdvice(table, Pages * Page.Size).Single().Advice);
    }

    /// <summary>A process with a table of pages, of which each holds its number, and a page for sums that are zero.</summary>
    private static SimulatedProcess Start(Machine machine, out VirtualAddress table, out VirtualAddress sums)
    {
        SimulatedProcess process = machine.StartProcess();
        table = process.Map(Pages * Page.Size, Protection.ReadWrite);
        sums = process.Map(Page.Size, Protection.ReadWrite);
        for (int page = 0; page < Pages; page++)
        {
            process.Cpu(0).Store(table + ((ulong)page * Page.Size), (long)page);
        }

        return process;
    }

    private static async GpuTask SumUp(GpuThread t, Args a)
    {
        long sum = 0;
        for (int page = 0; page < Pages; page++)
        {
            sum += await t.Load<long>(a.Table + ((ulong)page * Page.Size));
        }

        await t.Store(a.Sums + (8 * (ulong)t.GlobalIndex), sum);
    }

    private readonly record struct Args(VirtualAddress Table, VirtualAddress Sums);
}
