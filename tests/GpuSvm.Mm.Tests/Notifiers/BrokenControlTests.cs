using GpuSvm.Controls;

namespace GpuSvm.Mm.Tests;

/// <summary>Races on real threads: silent on the code as it is, loud with one mutation of it.</summary>
public sealed class BrokenControlTests
{
    [Theory]
    [InlineData("cpu-flush")]
    [InlineData("notifier-removal")]
    [InlineData("collision-retry")]
    public void The_code_as_it_is_shows_no_defect(string scenario) => Expect(Verdict.Clean, BrokenControl.Run(scenario));

    [Theory]
    [InlineData("cpu-flush", "cpu-flush-left-out")]
    [InlineData("notifier-removal", "remove-does-not-wait")]
    [InlineData("collision-retry", "no-read-retry")]
    public void A_mutation_is_caught(string scenario, string breakName) => Expect(Verdict.Caught, BrokenControl.Run(scenario, breakName));

    private static void Expect(Verdict expected, ControlResult result) => Assert.True(result.Verdict == expected, result.ToString());
}
