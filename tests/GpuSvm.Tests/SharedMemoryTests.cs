using GpuSvm.Mm;

namespace GpuSvm.Tests;

/// <summary>One pointer means the same byte on the CPU and on the GPU.</summary>
public sealed class SharedMemoryTests
{
    private const int Pages = 64;

    public static TheoryData<ExecutionMode> Modes => [ExecutionMode.Sequential, ExecutionMode.Parallel];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_kernel_increments_what_the_CPU_stored_and_the_CPU_sees_it(ExecutionMode mode)
    {
        using Machine m = NewMachine(mode);
        SimulatedProcess p = m.StartProcess();
        ulong a = p.Map(ByteSize.MiB(8), Protection.ReadWrite);
        p.Cpu(0).Store(a, 42);

        LaunchResult r = await m.Gpu.LaunchAsync(p, TestKernels.Increment, grid: 64, block: 32, new ArrayArgs(a, 1000));

        Assert.Equal(LaunchStatus.Completed, r.Status);
        Assert.Equal(43, p.Cpu(0).Load<int>(a));
        Assert.Equal(1, p.Cpu(1).Load<int>(a + (4 * 999)));
        Assert.Equal(0, p.Cpu(1).Load<int>(a + (4 * 1000)));
        p.Unmap(a, ByteSize.MiB(8));
        Assert.Equal(0, m.AllocatedFrames);
        Assert.Equal(0, m.DmaMappedPages);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_kernel_finds_memory_where_it_was_moved_to_and_zeros_where_it_was_given_up(ExecutionMode mode)
    {
        using Machine m = NewMachine(mode);
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(8192, Protection.ReadWrite);
        p.Cpu(0).Store(a, 42);
        await m.Gpu.LaunchAsync(p, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 2));

        VirtualAddress target = a - (1UL << 20);
        Assert.Equal(Errno.None, p.TryRemap(a, 8192, 4096, RemapFlags.MayMove | RemapFlags.Fixed, target, out VirtualAddress moved));
        Assert.Equal(target, moved);
        LaunchResult r = await m.Gpu.LaunchAsync(p, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(target, 2));
        Assert.Equal((LaunchStatus.Completed, 44, 2), (r.Status, p.Cpu(0).Load<int>(target), p.Cpu(0).Load<int>(target + 4UL)));
        r = await m.Gpu.LaunchAsync(p, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 2));
        Assert.NotEqual(LaunchStatus.Completed, r.Status);

        Assert.Equal(Errno.None, p.TryAdvise(target, 4096, Advice.DontNeed));
        await m.Gpu.LaunchAsync(p, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(target, 2));
        Assert.Equal((1, 1L), (p.Cpu(0).Load<int>(target), m.AllocatedFrames));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_child_and_its_parent_do_not_see_what_the_others_kernel_writes(ExecutionMode mode)
    {
        using Machine m = NewMachine(mode);
        SimulatedProcess parent = m.StartProcess();
        VirtualAddress a = parent.Map(8192, Protection.ReadWrite);
        parent.Cpu(0).Store(a, 42);
        await m.Gpu.LaunchAsync(parent, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 1));

        SimulatedProcess child = parent.Fork();
        ResidencyRun shared = parent.Residency(a, 4096).Single();
        Assert.Equal((PageLocation.System, 2, Protection.Read), (shared.Location, shared.Maps, shared.Rights));
        LaunchResult r = await m.Gpu.LaunchAsync(child, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 1));
        Assert.Equal(LaunchStatus.Completed, r.Status);
        r = await m.Gpu.LaunchAsync(parent, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 1));
        Assert.Equal(LaunchStatus.Completed, r.Status);
        child.Cpu(0).Store(a, child.Cpu(0).Load<int>(a) + 100);

        Assert.Equal((44, 144), (parent.Cpu(0).Load<int>(a), child.Cpu(0).Load<int>(a)));
        Assert.Equal([PageLocation.System, PageLocation.Nowhere], child.Residency(a, 8192).Select(run => run.Location));
        child.Dispose();
        Assert.Equal((44, 1L), (parent.Cpu(0).Load<int>(a), m.AllocatedFrames));
    }

    [Fact]
    public async Task Each_page_that_a_kernel_reads_is_mapped_once()
    {
        using Machine m = NewMachine(ExecutionMode.Sequential);
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(Pages * 4096UL, Protection.ReadWrite);
        for (int i = 0; i < Pages; i++)
        {
            p.Cpu(0).Store(a + (4096L * i), i);
        }

        await m.Gpu.LaunchAsync(p, TestKernels.TouchPages, grid: 4, block: 32, new ArrayArgs(a, Pages));

        Assert.Equal(Pages, m.Counters.PagesMapped);
        Assert.Equal(Pages, m.Counters.Faults);
        Assert.Equal(Pages, m.DmaMappedPages);
    }

    [Fact]
    public async Task A_page_that_only_the_GPU_touches_is_zero_and_then_the_GPUs()
    {
        using Machine m = NewMachine(ExecutionMode.Sequential);
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(4096, Protection.ReadWrite);

        await m.Gpu.LaunchAsync(p, TestKernels.StoreOne, grid: 1, block: 1, a + 100L);

        Assert.Equal(1, p.Cpu(0).Load<int>(a + 100L));
        Assert.Equal(0, p.Cpu(0).Load<int>(a));
    }

    [Fact]
    public async Task A_store_of_the_CPU_to_a_page_that_the_GPU_reads_as_zero_is_seen_by_the_next_kernel()
    {
        using Machine m = NewMachine(ExecutionMode.Sequential);
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(4096, Protection.ReadWrite);
        VirtualAddress result = p.Map(4096, Protection.ReadWrite);
        await m.Gpu.LaunchAsync(p, TestKernels.Sum, grid: 1, block: 1, new SumArgs(a, 16, result));
        Assert.Equal(0, p.Cpu(0).Load<long>(result));

        // The GPU maps the shared zero page; the store replaces it and must take the GPU's entry away.
        p.Cpu(0).Store(a, 7);
        await m.Gpu.LaunchAsync(p, TestKernels.Sum, grid: 1, block: 1, new SumArgs(a, 16, result));

        Assert.Equal(7, p.Cpu(0).Load<long>(result));
    }

    [Fact]
    public async Task What_was_unmapped_is_gone_for_the_GPU_and_what_is_mapped_there_next_is_new()
    {
        using Machine m = NewMachine(ExecutionMode.Sequential);
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(4096, Protection.ReadWrite);
        VirtualAddress result = p.Map(4096, Protection.ReadWrite);
        p.Cpu(0).Store(a, 5);
        await m.Gpu.LaunchAsync(p, TestKernels.Sum, grid: 1, block: 1, new SumArgs(a, 1, result));

        p.Unmap(a, 4096);
        Assert.Equal(Errno.None, p.TryMap(a, 4096, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        p.Cpu(0).Store(a, 11);
        await m.Gpu.LaunchAsync(p, TestKernels.Sum, grid: 1, block: 1, new SumArgs(a, 1, result));

        Assert.Equal(16, p.Cpu(0).Load<long>(result));
    }

    [Fact]
    public async Task Two_processes_at_the_same_address_never_see_each_other()
    {
        using Machine m = NewMachine(ExecutionMode.Sequential);
        SimulatedProcess p = m.StartProcess();
        SimulatedProcess q = m.StartProcess();
        VirtualAddress a = 0x10_0000;
        Assert.Equal(Errno.None, p.TryMap(a, 4096, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        Assert.Equal(Errno.None, q.TryMap(a, 4096, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));

        await m.Gpu.LaunchAsync(p, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 32));
        await m.Gpu.LaunchAsync(q, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 16));
        await m.Gpu.LaunchAsync(p, TestKernels.Increment, grid: 1, block: 32, new ArrayArgs(a, 32));

        Assert.Equal(2, p.Cpu(0).Load<int>(a));
        Assert.Equal(1, q.Cpu(0).Load<int>(a));
        Assert.Equal(0, q.Cpu(0).Load<int>(a + (4 * 20)));
    }

    private static Machine NewMachine(ExecutionMode mode) => new(new MachineOptions { Seed = 1, Sms = 4, Execution = mode });
}
