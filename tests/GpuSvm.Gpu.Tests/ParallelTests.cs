namespace GpuSvm.Gpu.Tests;

public sealed class ParallelTests
{
    private const ulong Base = TestRig.Base;

    private static SoftwareGpuOptions Parallel => new() { Execution = ExecutionMode.Parallel, Sms = 4, FaultBufferEntries = 16 };

    [Fact]
    public void Atomics_of_all_sms_add_up()
    {
        using var rig = new TestRig(Parallel);
        rig.Back(2);
        rig.Launch(AddMany, 16, 64, Base).ThrowIfFailed();
        Assert.Equal(16 * 64 * 100, rig.Word<long>(Base));
        Assert.Equal(unchecked((byte)(16 * 64 * 100)), rig.Word<byte>(Base + 0x1003));
    }

    [Fact]
    public void Parallel_faults_through_a_small_ring_lose_nothing()
    {
        using var rig = new TestRig(Parallel with { FaultBufferEntries = 3 });
        rig.Back(64);
        rig.Launch(Kernels.Increment, 8, 64, new SumArgs(Base, 0, 512, 512)).ThrowIfFailed();
        for (ulong i = 0; i < 512; i++)
        {
            Assert.Equal(1, rig.Word<long>(Base + (512 * i)));
        }
    }

    [Fact]
    public async Task Launches_of_one_channel_run_one_after_another_and_those_of_two_at_once()
    {
        using var rig = new TestRig(Parallel);
        rig.Back(1);
        rig.Map(1);
        var other = new InstancePointer(0x2000);
        Assert.Equal(Errno.None, rig.Gpu.BindInstance(other, rig.Space.Root));

        // Each waits for what another channel's launch stores: they end only if they run at once.
        Task<LaunchResult> waits = rig.Gpu.LaunchAsync(TestRig.Channel, Kernels.Spin, 1, 1, Base);
        Task<LaunchResult> queued = rig.Gpu.LaunchAsync(TestRig.Channel, Kernels.LoadOne, 1, 1, Base);
        Assert.False(queued.IsCompleted);
        (await rig.Gpu.LaunchAsync(other, Kernels.StoreOne, 1, 1, Base)).ThrowIfFailed();
        (await waits).ThrowIfFailed();
        (await queued).ThrowIfFailed();
        rig.Gpu.UnbindInstance(other);
    }

    [Fact]
    public async Task A_cancel_kills_one_channel_and_dispose_ends_what_still_runs()
    {
        using var rig = new TestRig(Parallel);
        rig.Map(1);
        var other = new InstancePointer(0x2000);
        Assert.Equal(Errno.None, rig.Gpu.BindInstance(other, rig.Space.Root));
        Task<LaunchResult> killed = rig.Gpu.LaunchAsync(TestRig.Channel, Kernels.Spin, 4, 32, Base);
        Task<LaunchResult> survivor = rig.Gpu.LaunchAsync(other, Kernels.Spin, 4, 32, Base);
        var report = new GpuFaultReport(Base, FaultAccess.Read, "because", Errno.EPERM);
        rig.Gpu.Cancel(TestRig.Channel, report);
        Assert.Equal(report, (await killed).Fault);
        Assert.False(survivor.IsCompleted);
        rig.Word<long>(Base) = 1;
        (await survivor).ThrowIfFailed();
        rig.Word<long>(Base) = 0;
        Task<LaunchResult> last = rig.Gpu.LaunchAsync(other, Kernels.Spin, 4, 32, Base);
        rig.Gpu.UnbindInstance(other);
        rig.Gpu.Cancel(other, report);
        Assert.Equal(LaunchStatus.Faulted, (await last).Status);
    }

    [Fact]
    public async Task Disposing_of_a_gpu_cancels_its_launches()
    {
        using var memory = new SystemMemory(64);
        var gpu = new SoftwareGpu(memory, Parallel);
        Task<LaunchResult> running = gpu.LaunchAsync(new InstancePointer(0x1000), Kernels.LoadOne, 2, 32, Base);
        gpu.Dispose();
        Assert.Equal(LaunchStatus.Cancelled, (await running).Status);
        Assert.Throws<OperationCanceledException>((await running).ThrowIfFailed);
        Assert.Throws<ObjectDisposedException>(() => { _ = gpu.LaunchAsync(new InstancePointer(0x1000), Kernels.LoadOne, 1, 1, Base); });
        gpu.Dispose();
    }

    [Fact]
    public async Task After_a_flush_no_kernel_reads_through_the_old_entry()
    {
        const long Poison = -1;
        const int Rounds = 300;
        using var rig = new TestRig(Parallel);
        rig.Back(2);
        rig.Map(2);
        Task<LaunchResult> running = rig.Gpu.LaunchAsync(TestRig.Channel, SumUntilTold, 4, 32, Base);
        for (int round = 0; round < Rounds; round++)
        {
            // The page is taken back, and its frame given to someone else; the next fault maps it again.
            rig.Hold();
            rig.Unmap(1, 1);
            rig.Word<long>(Base + 0x1000) = Poison;
            Spin(200);
            rig.Word<long>(Base + 0x1000) = 0;
            rig.LetGo();
        }

        rig.Word<long>(Base) = 1;
        (await running).ThrowIfFailed();
        Assert.Equal(0, rig.Word<long>(Base + 8));
    }

    private static void Spin(int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            Thread.SpinWait(1);
        }
    }

    private static async GpuTask AddMany(GpuThread t, ulong address)
    {
        for (int i = 0; i < 100; i++)
        {
            await t.AtomicAdd(address, 1L);
            await t.AtomicAdd(address + 0x1003, (byte)1);
        }
    }

    private static async GpuTask SumUntilTold(GpuThread t, ulong address)
    {
        while (await t.Load<long>(address) == 0)
        {
            for (int i = 0; i < 64; i++)
            {
                if (await t.Load<long>(address + 0x1000) != 0)
                {
                    await t.Store(address + 8, 1L);
                }
            }

            await t.Yield();
        }
    }
}
