namespace GpuSvm.Tests;

/// <summary>A machine that cannot be built says which option is wrong.</summary>
public sealed class MachineOptionsTests
{
    public static TheoryData<MachineOptions, string> Wrong => new()
    {
        { new MachineOptions { Sms = 0 }, "Sms" },
        { new MachineOptions { Sms = 129 }, "Sms" },
        { new MachineOptions { WarpsPerSm = 0 }, "WarpsPerSm" },
        { new MachineOptions { WarpsPerSm = 65 }, "WarpsPerSm" },
        { new MachineOptions { FaultBufferEntries = 1 }, "FaultBufferEntries" },
        { new MachineOptions { CpuThreads = 0 }, "CpuThreads" },
        { new MachineOptions { SystemMemory = 4095 }, "SystemMemory" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void An_option_out_of_its_range_is_named(MachineOptions options, string name)
    {
        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(() => new Machine(options));

        Assert.Contains(name, e.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Ending_a_machine_twice_is_fine_and_afterwards_it_starts_nothing()
    {
        var m = new Machine(new MachineOptions());
        m.StartProcess().Map(4096, Protection.ReadWrite);
        m.Dispose();
        m.Dispose();

        Assert.Throws<ObjectDisposedException>(() => m.StartProcess());
    }

    [Fact]
    public void A_kernel_that_is_not_a_static_method_is_refused_with_advice()
    {
        using var m = new Machine(new MachineOptions());
        SimulatedProcess p = m.StartProcess();
        int captured = 1;

        Task<LaunchResult> launch = m.Gpu.LaunchAsync(p, async (t, a) => await t.Store(a, captured), 1, 1, (VirtualAddress)0);

        ArgumentException e = Assert.ThrowsAsync<ArgumentException>(() => launch).Result;
        Assert.Contains("static", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(-1, 1)]
    [InlineData(1, (8 * 32) + 1)]
    public async Task A_launch_of_an_impossible_size_is_refused(int grid, int block)
    {
        using var m = new Machine(new MachineOptions());
        SimulatedProcess p = m.StartProcess();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => m.Gpu.LaunchAsync(p, TestKernels.LoadOne, grid, block, (VirtualAddress)0));
    }
}
