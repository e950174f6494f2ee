using System.CommandLine;
using GpuSvm.Cli.Bench.Evict;
using GpuSvm.Cli.Bench.Faults;
using GpuSvm.Cli.Bench.Live;
using GpuSvm.Cli.Bench.Mirrors;
using GpuSvm.Cli.Bench.Mm;
using GpuSvm.Cli.Bench.Svm;
using GpuSvm.Cli.Bench.Vmm;
using GpuSvm.Cli.Output;

namespace GpuSvm.Cli.Bench;

/// <summary><c>gpusvm bench</c>: measures parts of the machine.</summary>
internal static class BenchVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("bench", "Measure parts of the machine; each verb ends within a minute.")
    {
        CreateSuite("gpu", "The GPU: accesses that hit the TLB, walks, faults.", GpuBenchmarks.All),
        CreateSuite("faults", "The driver: batches of faults, served from a full fault buffer without a running GPU.", FaultBenchmarks.All),
        CreateSuite("mm", "The CPU's side: notifiers, range faults, migration.", MmBenchmarks.All),
        CreateSuite("svm", "Ranges and device memory: find or insert, pages got, fault to bound.", SvmBenchmarks.All),
        CreateSuite("vmm", "The GPU's address space: pages, areas, sparse areas.", VmmBenchmarks.All),
        MirrorCommand.Create(),
        EvictCommand.Create(),
        CreateLive(),
    };

    private static Command CreateSuite(string name, string description, IReadOnlyList<Func<Benchmark>> benchmarks)
    {
        Option<bool> json = Json();
        var command = new Command(name, description) { json };
        command.SetAction(parsed => Print(BenchHarness.MeasureAll(benchmarks), parsed, json));
        return command;
    }

    private static Command CreateLive()
    {
        Option<bool> json = Json();
        var cpus = new Option<LivePlacement>("--cpus")
        {
            Description = "Where program and engine run: on one CPU, on two, or on any.",
            DefaultValueFactory = _ => LivePlacement.One,
        };
        var repetitions = new Option<int>("--repetitions")
        {
            Description = "How often everything is measured, by turns.",
            DefaultValueFactory = _ => LiveBench.Repetitions,
        };
        repetitions.Validators.Add(found =>
        {
            int value = found.GetValueOrDefault<int>();
            if (value is < 1 or > LiveBench.MostRepetitions)
            {
                found.AddError($"--repetitions is {value}, expected 1 to {LiveBench.MostRepetitions}");
            }
        });
        var command = new Command("live", "A real process: faults of the CPU and moves of 2 MiB, next to programs in C, and faults of the GPU.") { cpus, repetitions, json };
        command.SetAction(async (parsed, _) =>
        {
            IReadOnlyList<Measurement> measurements = await LiveBench.MeasureAsync(parsed.GetValue(cpus), parsed.GetValue(repetitions))
                .ConfigureAwait(false);
            return Print(measurements, parsed, json);
        });
        return command;
    }

    private static Option<bool> Json() => new("--json") { Description = "Print one JSON document instead of a table." };

    private static int Print(IReadOnlyList<Measurement> measurements, ParseResult parsed, Option<bool> json)
    {
        if (parsed.GetValue(json))
        {
            JsonOutput.Write(new BenchDocument(measurements));
        }
        else
        {
            TextOutput.Write(measurements);
        }

        return ExitCodes.Success;
    }
}
