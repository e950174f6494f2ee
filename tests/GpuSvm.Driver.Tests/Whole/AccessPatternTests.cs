using GpuSvm.Driver.Tests.Infrastructure;
using GpuSvm.Workloads;
using Xunit.Abstractions;

namespace GpuSvm.Driver.Tests.Whole;

/// <summary>The software GPU faults as real ones were measured to, batch by batch.</summary>
public sealed class AccessPatternTests(ITestOutputHelper output)
{
    private const double Tolerance = 0.15;

    public static TheoryData<string> Names => [.. AccessPreset.All.Select(preset => preset.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Batches_are_like_those_measured_on_hardware(string name)
    {
        AccessPreset preset = AccessPreset.All.Single(one => one.Name == name);
        using var m = new WholeMachine(preset.On(new SoftwareGpuOptions()), new SvmDriverOptions());
        ulong[] arrays = [.. Enumerable.Range(0, 3).Select(i => i < preset.Arrays ? m.Map(preset.ArrayBytes).Value : 0UL)];

        LaunchResult result = await m.LaunchAsync(
            preset.Kernel, preset.Grid, preset.Block, new PatternArgs(arrays[0], arrays[1], arrays[2], preset.Size, preset.Part));

        Assert.Equal(LaunchStatus.Completed, result.Status);
        DriverCounters counted = m.Driver.Counters;
        double distinct = counted.Fetched - counted.Duplicates;
        AssertLike(preset.FaultsPerSm, distinct / counted.Batches / AccessPreset.Sms, "faults per SM");
        AssertLike(preset.BlocksPerBatch, (double)counted.Blocks / counted.Batches, "2 MiB blocks per batch");
        AssertLike(preset.FaultsPerBlock, distinct / counted.Blocks, "faults per 2 MiB block");
    }

    private void AssertLike(double measured, double ours, string what)
    {
        output.WriteLine($"{what}: {ours:f2}, measured on hardware {measured:f2}");
        Assert.InRange(ours, measured * (1 - Tolerance), measured * (1 + Tolerance));
    }
}
