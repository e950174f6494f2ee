using GpuSvm.Controls;

namespace GpuSvm.Tests;

/// <summary>The CPU unmaps, protects and rewrites memory while kernels run.</summary>
public sealed class InvalidationWhileRunningTests
{
    [Fact]
    public async Task Memory_that_is_replaced_under_a_running_kernel_is_never_read_stale()
    {
        ControlResult healthy = await Task.Run(() => LookFor(TimeSpan.FromSeconds(5)));
        if (healthy.Verdict == Verdict.Inconclusive)
        {
            // A busy machine did not get far enough to say anything.
            healthy = await Task.Run(() => LookFor(TimeSpan.FromSeconds(40)));
        }

        Assert.True(healthy.Verdict == Verdict.Clean, healthy.Output);
    }

    [Theory]
    [InlineData("no-read-retry")]
    [InlineData("flush-left-out")]
    public async Task The_same_race_catches_a_broken_protocol(string breakName)
    {
        ControlResult broken = await Task.Run(() => BrokenControl.Run("stale-read", breakName, TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(60)));

        Assert.True(broken.Verdict == Verdict.Caught, broken.Output);
    }

    [Fact]
    public async Task Unmapping_what_a_kernel_reads_ends_the_kernel_with_a_report()
    {
        using var m = new Machine(new MachineOptions { Execution = ExecutionMode.Parallel });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress words = p.Map(4096, Protection.ReadWrite);
        VirtualAddress watched = p.Map(4096, Protection.ReadWrite);
        Task<LaunchResult> running = m.Gpu.LaunchAsync(p, TestKernels.LoadUntilStopped, 4, 32, new WatchArgs(watched, words));
        await UntilAsync(() => m.DmaMappedPages == 2);

        p.Unmap(watched, 4096);
        LaunchResult r = await running;

        Assert.Equal(LaunchStatus.Faulted, r.Status);
        Assert.Equal(watched, r.Fault!.Address);
        Assert.Equal(Errno.EFAULT, r.Fault.Error);
    }

    [Fact]
    public async Task Taking_the_write_right_away_stops_the_stores_of_a_running_kernel()
    {
        using var m = new Machine(new MachineOptions { Execution = ExecutionMode.Parallel });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress counter = p.Map(4096, Protection.ReadWrite);
        VirtualAddress stop = p.Map(4096, Protection.ReadWrite);
        Task<LaunchResult> running = m.Gpu.LaunchAsync(p, TestKernels.CountUntilStopped, 2, 32, new CountArgs(counter, stop));
        await UntilAsync(() => p.Cpu(0).Load<long>(counter) > 1000);

        p.Protect(counter, 4096, Protection.Read);
        long frozen = p.Cpu(0).Load<long>(counter);
        LaunchResult r = await running;

        Assert.Equal(frozen, p.Cpu(0).Load<long>(counter));
        Assert.Equal(LaunchStatus.Faulted, r.Status);
        Assert.Equal(Errno.EPERM, r.Fault!.Error);
    }

    [Fact]
    public async Task Ending_the_process_cancels_its_running_kernels()
    {
        using var m = new Machine(new MachineOptions { Execution = ExecutionMode.Parallel });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress words = p.Map(4096, Protection.ReadWrite);
        Task<LaunchResult> running = m.Gpu.LaunchAsync(p, TestKernels.CountUntilStopped, 1, 32, new CountArgs(words, words + 64L));
        await UntilAsync(() => m.DmaMappedPages == 1);

        p.Dispose();
        LaunchResult r = await running;

        Assert.False(r.Succeeded);
        Assert.Equal(0, m.AllocatedFrames);
        Assert.Equal(0, m.DmaMappedPages);
    }

    private static ControlResult LookFor(TimeSpan time) => BrokenControl.Run("stale-read", null, time, TimeSpan.FromSeconds(60));

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Yield();
        }
    }
}
