using System.Globalization;
using System.Text.RegularExpressions;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>samples/Saxpy shows what live memory is: one address on both sides, and pages that come when they are touched.</summary>
public sealed partial class SaxpyTests
{
    [LiveFact]
    public async Task The_sample_shows_one_address_on_both_sides_and_pages_that_come_by_touch()
    {
        (int exitCode, string output, string error) = await ChildProcess.DotnetAsync(AppContext.BaseDirectory, "Saxpy.dll");

        Assert.Equal(string.Empty, error);
        Assert.Equal(0, exitCode);
        Step[] steps = [.. StepLines().Matches(output).Select(Step.Of)];
        Assert.Equal(["before the first touch", "after the CPU filled it", "during the launch", "after it"], steps.Select(step => step.Name));
        Assert.Single(steps.Select(step => step.CpuAddress).Distinct());
        Assert.Equal(["", "", steps[0].CpuAddress, steps[0].CpuAddress], steps.Select(step => step.GpuAddress));
        Assert.Equal(
            [
                "nowhere yet, CPU none, GPU none", "in system memory, CPU read-write, GPU none",
                "in system memory, CPU read-write, GPU read-write", "in system memory, CPU read-write, GPU read-write",
            ],
            steps.Select(step => step.Residency));
        Assert.Equal(["absent", "present", "present", "present"], steps.Select(step => step.Pagemap.Split(',')[0]));
        Assert.Equal([0, 0], steps[..2].Select(step => step.Faults));
        Assert.True(0 < steps[2].Faults && steps[2].Faults <= steps[3].Faults, output);

        // Two buffers of 100,000 floats are 98 pages each; with the one for notes, that is all that the GPU may ever have.
        Assert.Equal(197, steps[3].PagesMapped);
        Assert.EndsWith("all 100000 values are right\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_userfaultfd_the_sample_names_what_is_missing_and_exits_with_3()
    {
        var off = new Dictionary<string, string> { ["GPUSVM_NO_USERFAULTFD"] = "1" };
        (int exitCode, string output, string error) = await ChildProcess.DotnetAsync(AppContext.BaseDirectory, off, "Saxpy.dll");

        Assert.Equal((3, string.Empty, "userfaultfd is switched off by GPUSVM_NO_USERFAULTFD=1\n"), (exitCode, output, error));
    }

    [GeneratedRegex("""
        ^(?<name>[^:\n]+): y is at (?<cpu>0x[0-9a-f]+) for the CPU(, at (?<gpu>0x[0-9a-f]+) for the GPU)?
          (?<residency>[^;\n]+); pagemap: (?<pagemap>[^\n]+)
          (?<faults>\d+) GPU faults, (?<pages>\d+) pages mapped$
        """, RegexOptions.Multiline)]
    private static partial Regex StepLines();

    private sealed record Step(string Name, string CpuAddress, string GpuAddress, string Residency, string Pagemap, int Faults, int PagesMapped)
    {
        public static Step Of(Match lines) => new(
            lines.Groups["name"].Value,
            lines.Groups["cpu"].Value,
            lines.Groups["gpu"].Value,
            lines.Groups["residency"].Value,
            lines.Groups["pagemap"].Value,
            int.Parse(lines.Groups["faults"].Value, CultureInfo.InvariantCulture),
            int.Parse(lines.Groups["pages"].Value, CultureInfo.InvariantCulture));
    }
}
