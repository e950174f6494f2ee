using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Kernels run while their driver is suspended and resumed: no fault is lost and no store.</summary>
public sealed class SuspendedKernelTests
{
    private const int Pages = 48;

    [Fact]
    public async Task Accesses_that_parked_go_on_after_resume()
    {
        using var m = new DeviceFixture(ExecutionMode.Parallel, ringEntries: 8);
        VirtualAddress a = m.Map(Pages);
        m.Driver.Suspend();

        Task<LaunchResult> launch = m.LaunchAsync(m.Channel, a, Pages, times: 3);
        Assert.Equal((0L, 0L, false), (m.Driver.Counters.Fetched, m.Driver.MappedPages, launch.IsCompleted));
        m.Driver.Resume();
        (await launch).ThrowIfFailed();

        Assert.All(Enumerable.Range(0, Pages), i => Assert.Equal(3UL, m.Cpu.Thread(0).Load<ulong>(a + ((ulong)i * Page.Size))));
        Assert.Equal(Pages, m.Driver.MappedPages);
        Assert.Equal(0, m.Driver.Counters.Cancels);
    }

    [Fact]
    public async Task A_driver_may_be_suspended_at_any_moment_of_a_kernel()
    {
        using var m = new DeviceFixture(ExecutionMode.Parallel, ringEntries: 8);
        VirtualAddress a = m.Map(Pages);
        Task<LaunchResult> launch = m.LaunchAsync(m.Channel, a, Pages, times: 200);
        int rounds = 0;
        while (rounds < 20 || !launch.IsCompleted)
        {
            m.Driver.Suspend();
            Assert.Equal(0, m.Driver.MappedPages);
            m.Driver.Resume();
            rounds++;
            await Task.Yield();
        }

        (await launch).ThrowIfFailed();
        Assert.All(Enumerable.Range(0, Pages), i => Assert.Equal(200UL, m.Cpu.Thread(0).Load<ulong>(a + ((ulong)i * Page.Size))));
        Assert.Equal(0, m.Driver.Counters.Cancels - m.Gpu.Counters.StaleCancels);
    }
}
