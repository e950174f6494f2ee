using GpuSvm.Controls;

namespace GpuSvm.Architecture.Tests.Controls;

/// <summary>The process that broken controls run in: only what a scenario saw counts as seen.</summary>
public sealed class BrokenControlTests
{
    [Fact]
    public void A_scenario_that_does_not_end_is_ended()
    {
        ControlResult result = BrokenControl.Run("never-ends", breakName: null, look: TimeSpan.Zero, grace: TimeSpan.FromSeconds(2));
        Assert.Equal((Verdict.TimedOut, "waiting for ever\n"), (result.Verdict, result.Output));
    }

    [Fact]
    public void An_unknown_scenario_is_a_failure_and_names_those_that_exist()
    {
        ControlResult result = BrokenControl.Run("no-such-scenario");
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("translation-cache", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_misspelt_mutation_is_a_failure_not_a_silent_run_of_healthy_code()
    {
        ControlResult result = BrokenControl.Run("translation-cache", "fill-not-recheckt");
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.StartsWith("GPUSVM_BREAK=fill-not-recheckt is none of no-read-retry,", result.Output, StringComparison.Ordinal);
    }
}
