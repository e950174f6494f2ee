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
        { new MachineOptions { Strategy = (MirrorStrategy)4 }, "Strategy" },
        { new MachineOptions { Eviction = (EvictionPolicy)4 }, "Eviction" },
        { new MachineOptions { Ranges = new() { Timeslice = TimeSpan.FromTicks(-1) } }, "Timeslice" },
        { new MachineOptions { Ranges = new() { RetryLimit = TimeSpan.FromTicks(-1) } }, "RetryLimit" },
        { new MachineOptions { Ranges = new() { Placement = (SvmResidency)3 } }, "Placement" },
        { new MachineOptions { Ranges = new() { Movement = (Movement)2 } }, "Movement" },
        { new MachineOptions { Ranges = new() { PartialUnmap = (PartialUnmap)2 } }, "PartialUnmap" },
    };

    public static TheoryData<MachineOptions, string> Unfit => new()
    {
        {
            new MachineOptions { Ranges = new() { Placement = SvmResidency.Auto } },
            "Placement Auto needs the strategy SizedRanges, not TableAligned."
        },
        { WithChunks(ByteSize.MiB(4), ByteSize.KiB(4)), "ChunkSizes 4 MiB, 4 KiB: expected powers of two, falling, from 2 MiB at most to 4 KiB." },
        { WithChunks(ByteSize.MiB(2)), "ChunkSizes 2 MiB: expected powers of two, falling, from 2 MiB at most to 4 KiB." },
        { WithChunks(), "ChunkSizes : expected powers of two, falling, from 2 MiB at most to 4 KiB." },
        {
            new MachineOptions { Ranges = new() { NotifierSize = ByteSize.MiB(1) } },
            "NotifierSize 1 MiB: expected a power of two, at least 2 MiB."
        },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public void Options_that_do_not_fit_together_are_named(MachineOptions options, string expected)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new Machine(options));

        Assert.StartsWith(expected, e.Message, StringComparison.Ordinal);
    }

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

    private static MachineOptions WithChunks(params ByteSize[] sizes) =>
        new() { Strategy = MirrorStrategy.SizedRanges, Ranges = new() { ChunkSizes = sizes } };
}
