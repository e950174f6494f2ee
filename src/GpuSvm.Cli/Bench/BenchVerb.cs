using System.CommandLine;
using GpuSvm.Cli.Output;

namespace GpuSvm.Cli.Bench;

/// <summary><c>gpusvm bench</c>: measures parts of the machine.</summary>
internal static class BenchVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("bench", "Measure parts of the machine; each verb ends within a minute.")
    {
        CreateSuite("gpu", "The GPU: accesses that hit the TLB, walks, faults.", GpuBenchmarks.All),
    };

    private static Command CreateSuite(string name, string description, IReadOnlyList<Func<Benchmark>> benchmarks)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of a table." };
        var command = new Command(name, description) { json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<Measurement> measurements = BenchHarness.MeasureAll(benchmarks);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(new BenchDocument(measurements));
            }
            else
            {
                TextOutput.Write(measurements);
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
