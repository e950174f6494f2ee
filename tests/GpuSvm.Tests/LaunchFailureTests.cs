using GpuSvm.Core;
using GpuSvm.Gpu;

namespace GpuSvm.Tests;

/// <summary>An access that cannot be served ends its launch with a report, and nothing else.</summary>
public sealed class LaunchFailureTests : IDisposable
{
    private readonly Machine _machine = new(new MachineOptions { Seed = 7 });
    private readonly SimulatedProcess _process;

    public LaunchFailureTests() => _process = _machine.StartProcess();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task A_load_where_nothing_is_mapped_is_reported_with_its_exact_address()
    {
        LaunchResult r = await _machine.Gpu.LaunchAsync(_process, TestKernels.LoadOne, 1, 1, (VirtualAddress)0x1234_5678);

        Assert.Equal(LaunchStatus.Faulted, r.Status);
        Assert.Equal((VirtualAddress)0x1234_5678, r.Fault!.Address);
        Assert.Equal(FaultAccess.Read, r.Fault.Access);
        Assert.Equal(Errno.EFAULT, r.Fault.Error);
        Assert.Equal(1, _machine.Counters.Cancels);
    }

    [Fact]
    public async Task A_store_to_read_only_memory_is_not_permitted_and_changes_nothing()
    {
        VirtualAddress a = _process.Map(4096, Protection.Read);

        LaunchResult r = await _machine.Gpu.LaunchAsync(_process, TestKernels.StoreOne, 1, 1, a + 8L);

        Assert.Equal(LaunchStatus.Faulted, r.Status);
        Assert.Equal(a + 8L, r.Fault!.Address);
        Assert.Equal(FaultAccess.Write, r.Fault.Access);
        Assert.Equal(Errno.EPERM, r.Fault.Error);
        Assert.Equal(0, _process.Cpu(0).Load<int>(a + 8L));
    }

    [Fact]
    public async Task A_load_of_memory_without_any_right_is_refused()
    {
        VirtualAddress a = _process.Map(4096, Protection.None);

        LaunchResult r = await _machine.Gpu.LaunchAsync(_process, TestKernels.LoadOne, 1, 1, a);

        Assert.Equal(Errno.EFAULT, r.Fault!.Error);
    }

    [Fact]
    public async Task An_address_beyond_the_GPUs_width_is_refused()
    {
        LaunchResult r = await _machine.Gpu.LaunchAsync(_process, TestKernels.LoadOne, 1, 1, (VirtualAddress)(1UL << 49));

        Assert.Equal(LaunchStatus.Faulted, r.Status);
        Assert.Equal(Errno.EINVAL, r.Fault!.Error);
    }

    [Fact]
    public async Task A_misaligned_access_is_fatal_with_address_access_and_reason()
    {
        VirtualAddress a = _process.Map(4096, Protection.ReadWrite);

        LaunchResult r = await _machine.Gpu.LaunchAsync(_process, TestKernels.StoreOne, 1, 1, a + 2L);

        Assert.Equal(LaunchStatus.Faulted, r.Status);
        Assert.Equal(a + 2L, r.Fault!.Address);
        Assert.Equal(FaultAccess.Write, r.Fault.Access);
        Assert.Equal(Errno.EINVAL, r.Fault.Error);
    }

    [Fact]
    public async Task A_failed_launch_leaves_the_next_one_whole()
    {
        VirtualAddress a = _process.Map(4096, Protection.ReadWrite);
        await _machine.Gpu.LaunchAsync(_process, TestKernels.LoadOne, 1, 1, (VirtualAddress)0x1000);

        LaunchResult r = await _machine.Gpu.LaunchAsync(_process, TestKernels.Increment, 1, 32, new ArrayArgs(a, 100));

        Assert.Equal(LaunchStatus.Completed, r.Status);
        Assert.Equal(1, _process.Cpu(0).Load<int>(a + (4 * 99)));
    }

    [Fact]
    public async Task A_cancelled_channel_dies_alone_while_another_keeps_running()
    {
        using var m = new Machine(new MachineOptions { Execution = ExecutionMode.Parallel });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress words = p.Map(4096, Protection.ReadWrite);
        Task<LaunchResult> running = m.Gpu.LaunchAsync(p, TestKernels.CountUntilStopped, 1, 1, new CountArgs(words, words + 64L));

        LaunchResult failed = await m.Gpu.LaunchAsync(p, TestKernels.LoadOne, 1, 1, (VirtualAddress)0x1000);
        long before = p.Cpu(0).Load<long>(words);
        while (p.Cpu(0).Load<long>(words) < before + 1000)
        {
            await Task.Yield();
        }

        p.Cpu(0).Store(words + 64L, 1);
        LaunchResult survivor = await running;

        Assert.Equal(LaunchStatus.Faulted, failed.Status);
        Assert.Equal(LaunchStatus.Completed, survivor.Status);
    }

    [Fact]
    public async Task Out_of_memory_is_an_outcome_of_the_launch()
    {
        using var m = new Machine(new MachineOptions { SystemMemory = 16 * 4096 });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress a = p.Map(64 * 4096, Protection.ReadWrite);

        LaunchResult r = await m.Gpu.LaunchAsync(p, TestKernels.Increment, 1, 32, new ArrayArgs(a, 64 * 1024));

        Assert.Equal(LaunchStatus.Faulted, r.Status);
        Assert.Contains(r.Fault!.Error, new[] { Errno.ENOMEM, Errno.EFAULT });
    }

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public async Task A_launch_that_runs_when_its_machine_ends_gives_its_outcome(ExecutionMode execution)
    {
        var machine = new Machine(new MachineOptions { Execution = execution });
        SimulatedProcess p = machine.StartProcess();
        VirtualAddress a = p.Map(8192, Protection.ReadWrite);
        Task<LaunchResult> running = Task.Run(
            () => machine.Gpu.LaunchAsync(p, TestKernels.CountUntilStopped, 2, 32, new CountArgs(a, a + 4096L)));
        var spin = default(Spin);
        while (p.Cpu(0).Load<long>(a) == 0)
        {
            spin.Once();
        }

        machine.Dispose();

        LaunchResult r = await running;
        Assert.Equal((LaunchStatus.Faulted, Errno.ECANCELED), (r.Status, r.Fault!.Error));
    }
}
