using System.Runtime.InteropServices;

namespace GpuSvm.Gpu.Tests;

public sealed class KernelTests
{
    private const ulong Base = TestRig.Base;

    private static GpuTask? t_shared;

    [Fact]
    public void Helpers_give_results_before_and_after_a_wait()
    {
        using var rig = new TestRig();
        rig.Back(4);
        for (ulong i = 0; i < 4; i++)
        {
            rig.Word<int>(Base + (4096 * i)) = 10 * ((int)i + 1);
        }

        rig.Launch(SumByHelper, 1, 1, Base).ThrowIfFailed();
        Assert.Equal(100, rig.Word<long>(Base + 8));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_exception_of_a_helper_reaches_the_awaiting_code_and_the_launch(bool waitFirst)
    {
        using var rig = new TestRig();
        rig.Back(1);
        LaunchResult result = rig.Launch(ThrowInHelper, 1, 1, new ThrowArgs(Base, waitFirst));
        Assert.Equal(LaunchStatus.KernelThrew, result.Status);
        Assert.Equal("from the helper", result.Exception!.Message);
        Assert.Equal(1, rig.Word<long>(Base));
        Assert.Throws<InvalidOperationException>(result.ThrowIfFailed);
    }

    [Fact]
    public void A_kernel_that_throws_stops_the_launch_and_runs_the_finally_blocks_of_those_that_wait()
    {
        using var rig = new TestRig();
        rig.Gpu.SetFaultInterrupt(null);
        LaunchResult result = rig.Launch(ThrowOrWait, 1, 2, Base);
        Assert.Equal((LaunchStatus.KernelThrew, "thread 0"), (result.Status, result.Exception!.Message));
    }

    [Fact]
    public void Cancelled_threads_run_their_finally_blocks_and_access_nothing_more()
    {
        using var rig = new TestRig();
        rig.Back(1);
        LaunchResult result = rig.Launch(TryCleanUp, 1, 1, Base);
        Assert.Equal((LaunchStatus.Faulted, Base + 0x5008), (result.Status, result.Fault!.Address.Value));
        Assert.Equal(1, rig.Word<long>(Base));
        Assert.Equal(1, rig.Gpu.Counters.Cancels);
    }

    [Fact]
    public void The_first_report_stands_and_other_channels_go_on()
    {
        using var rig = new TestRig();
        rig.Back(1);
        var first = new GpuFaultReport(Base, FaultAccess.Read, "first", Errno.EFAULT);
        rig.Gpu.SetFaultInterrupt(() =>
        {
            rig.Gpu.Cancel(TestRig.Channel, first);
            rig.Gpu.Cancel(TestRig.Channel, first with { Reason = "second" });
        });
        Assert.Equal(first, rig.Launch(Kernels.LoadOne, 1, 1, Base).Fault);
        rig.Gpu.SetFaultInterrupt(rig.Service);
        rig.Service();
        rig.Launch(Kernels.LoadOne, 1, 1, Base).ThrowIfFailed();
    }

    [Fact]
    public void A_thread_that_awaits_a_task_of_another_thread_ends_the_launch()
    {
        using var rig = new TestRig();
        rig.Gpu.SetFaultInterrupt(null);
        t_shared = null;
        LaunchResult result = rig.Launch(AwaitShared, 1, 2, Base);
        Assert.Equal(LaunchStatus.KernelThrew, result.Status);
        Assert.Contains("another GPU thread", result.Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_accesses_that_miss_before_the_first_is_awaited_are_refused()
    {
        using var rig = new TestRig();
        rig.Back(2);
        LaunchResult result = rig.Launch(TwoAtOnce, 1, 1, Base);
        Assert.Equal(LaunchStatus.KernelThrew, result.Status);
        Assert.IsType<InvalidOperationException>(result.Exception);
        Assert.Contains("await each access before the next one", result.Exception.Message, StringComparison.Ordinal);
        Assert.Empty(rig.Faults);
    }

    [Fact]
    public void A_helper_that_is_never_awaited_is_an_error()
    {
        using var rig = new TestRig();
        rig.Back(1);
        LaunchResult result = rig.Launch(ForgetHelper, 1, 1, Base);
        Assert.Contains("never awaited", result.Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_waited_cannot_be_awaited_twice()
    {
        using var rig = new TestRig();
        rig.Back(1);
        LaunchResult result = rig.Launch(AwaitTwice, 1, 1, Base);
        Assert.Contains("second time", result.Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_barrier_holds_every_thread_of_the_block_until_the_last_has_come()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 3, Seed = 7 });
        rig.Back(8);
        rig.Launch(WriteThenReadNeighbour, 4, 64, Base).ThrowIfFailed();
        for (int i = 0; i < 256; i++)
        {
            int neighbour = (i & ~63) | ((i + 1) & 63);
            Assert.Equal(neighbour, rig.Word<int>(Base + 0x4000 + (4 * (ulong)i)));
        }
    }

    [Fact]
    public void A_barrier_that_a_thread_leaves_out_ends_the_launch()
    {
        using var rig = new TestRig();
        LaunchResult result = rig.Launch(SkipBarrier, 1, 4, 0);
        Assert.Equal(LaunchStatus.KernelThrew, result.Status);
        Assert.Equal(
            "A barrier can never be reached: 1 threads of the block have ended, and 3 wait at it.", result.Exception!.Message);
    }

    [Fact]
    public void Threads_know_their_place()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 2 });
        rig.Back(1);
        rig.Launch(WritePlace, 3, 5, Base).ThrowIfFailed();
        for (int i = 0; i < 15; i++)
        {
            Assert.Equal(((i / 5) << 24) | ((i % 5) << 16) | (5 << 8) | (3 << 4) | 15, rig.Word<int>(Base + (4 * (ulong)i)));
        }
    }

    [Fact]
    public void Words_of_other_sizes_are_refused()
    {
        using var rig = new TestRig();
        rig.Back(1);
        LaunchResult result = rig.Launch(LoadThreeBytes, 1, 1, Base);
        Assert.IsType<NotSupportedException>(result.Exception);
        Assert.Equal("A GPU accesses words of 1, 2, 4 or 8 bytes; ThreeBytes has 3.", result.Exception.Message);
    }

    [Fact]
    public void Only_static_methods_are_kernels()
    {
        using var rig = new TestRig();
        ulong captured = Base;
        Assert.Throws<ArgumentException>(() => rig.Launch<ulong>(async (t, a) => await t.Store(a, 1), 1, 1, Base));
        Assert.Throws<ArgumentException>(() => rig.Launch<ulong>(async (t, a) => await t.Store(captured, 1), 1, 1, Base));
        ArgumentException error = Assert.Throws<ArgumentException>(() => rig.Launch<ulong>(InstanceKernel, 1, 1, Base));
        Assert.Contains("static async GpuTask Name(GpuThread t, UInt64 a)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, "grid")]
    [InlineData(1, 0, "block")]
    [InlineData(1, 257, "block")]
    public void Shapes_that_do_not_fit_are_refused(int grid, int block, string parameter)
    {
        using var rig = new TestRig();
        Assert.Equal(parameter, Assert.Throws<ArgumentOutOfRangeException>(() => rig.Launch(Kernels.LoadOne, grid, block, Base)).ParamName);
    }

    private async GpuTask InstanceKernel(GpuThread t, ulong address) => await t.Store(address, GetHashCode());

    private static async GpuTask<int> ReadInt(GpuThread t, ulong address) => await t.Load<int>(address);

    private static async GpuTask<int> ReadTwo(GpuThread t, ulong address) => await ReadInt(t, address) + await ReadInt(t, address + 4096);

    private static async GpuTask AwaitShared(GpuThread t, ulong address)
    {
        t_shared ??= Kernels.LoadOne(t, address);
        await t_shared.Value;
    }

    private static async GpuTask SumByHelper(GpuThread t, ulong address)
    {
        long sum = await ReadTwo(t, address);
        sum += await ReadTwo(t, address + 8192);
        await t.Store(address + 8, sum);
    }

    private static async GpuTask<int> Throwing(GpuThread t, ThrowArgs a)
    {
        if (a.WaitFirst)
        {
            _ = await t.Load<int>(a.Address);
        }

        throw new InvalidDataException("from the helper");
    }

    private static async GpuTask ThrowInHelper(GpuThread t, ThrowArgs a)
    {
        try
        {
            _ = await Throwing(t, a);
        }
        catch (InvalidDataException)
        {
            await t.Store(a.Address, 1L);
            throw;
        }
    }

    private static async GpuTask ThrowOrWait(GpuThread t, ulong address)
    {
        if (t.GlobalIndex == 1)
        {
            _ = await t.Load<int>(address);
            return;
        }

        for (int i = 0; i < 100; i++)
        {
            await t.Yield();
        }

        throw new InvalidDataException("thread 0");
    }

    private static async GpuTask TryCleanUp(GpuThread t, ulong address)
    {
        await t.Store(address, 1L);
        try
        {
            _ = await t.Load<long>(address + 0x5008);
        }
        finally
        {
            await t.Store(address, 2L);
        }
    }

    private static async GpuTask TwoAtOnce(GpuThread t, ulong address)
    {
        GpuAccess<int> first = t.Load<int>(address);
        GpuAccess<int> second = t.Load<int>(address + 4096);
        _ = await first + await second;
    }

    private static async GpuTask ForgetHelper(GpuThread t, ulong address)
    {
        _ = ReadInt(t, address);
        _ = t.GlobalIndex;
    }

    private static async GpuTask AwaitTwice(GpuThread t, ulong address)
    {
        GpuTask<int> task = ReadInt(t, address);
        _ = await task;
        _ = await task;
    }

    private static async GpuTask WriteThenReadNeighbour(GpuThread t, ulong address)
    {
        ulong own = address + (4 * (ulong)t.GlobalIndex);
        await t.Store(own, (int)t.GlobalIndex);
        await t.Barrier();
        int neighbour = (t.BlockIndex * t.BlockSize) + ((t.ThreadIndex + 1) % t.BlockSize);
        int value = await t.Load<int>(address + (4 * (ulong)neighbour));
        await t.Barrier();
        await t.Store(own + 0x4000, value);
    }

    private static async GpuTask SkipBarrier(GpuThread t, int ignored)
    {
        if (t.ThreadIndex != ignored)
        {
            await t.Barrier();
        }
    }

    private static async GpuTask WritePlace(GpuThread t, ulong address) => await t.Store(
        address + (4 * (ulong)t.GlobalIndex),
        (t.BlockIndex << 24) | (t.ThreadIndex << 16) | (t.BlockSize << 8) | (t.GridBlocks << 4) | (int)t.GridSize);

    private static async GpuTask LoadThreeBytes(GpuThread t, ulong address) => _ = await t.Load<ThreeBytes>(address);

    private readonly record struct ThrowArgs(ulong Address, bool WaitFirst);

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly record struct ThreeBytes(byte A, byte B, byte C);
}
