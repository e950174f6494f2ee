using GpuSvm.Controls;

namespace GpuSvm.Gpu.Tests;

/// <summary>Each race of the GPU, on the production code and with the mutation that must be caught.</summary>
public sealed class BrokenControlTests
{
    [Theory]
    [InlineData("gpu-unmap", "flush-left-out")]
    [InlineData("gpu-relink", "flush-too-shallow")]
    [InlineData("gpu-overflow", "overflow-lost")]
    public void A_scenario_is_clean_and_catches_its_mutation(string scenario, string mutation)
    {
        ControlResult clean = BrokenControl.Run(scenario);
        Assert.True(clean.Verdict == Verdict.Clean, clean.Output);
        ControlResult broken = BrokenControl.Run(scenario, mutation);
        Assert.True(broken.Verdict == Verdict.Caught, broken.Output);
    }
}
