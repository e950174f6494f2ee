using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Output;

namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary><c>gpusvm bench mirror</c>.</summary>
internal static class MirrorCommand
{
    private const int MostThreads = 64;
    private static readonly int[] UsualThreads = [1, 2, 4, 16, 64];

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var threads = new Option<int[]>("--threads")
        {
            Description = "Numbers of GPU threads, and up to 16 of threads that look intervals up.",
            HelpName = "N,N,…",
            DefaultValueFactory = _ => UsualThreads,
            CustomParser = Parse,
        };
        Option<int> size = NumberOption.Create("--size", "Pages or mappings of each work.", MirrorBench.UsualSize, 8, 100_000);
        Option<int> repetitions = NumberOption.Create("--repetitions", "Turns that count.", MirrorBench.UsualRepetitions, 1, 1000);
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of tables." };
        var command = new Command("mirror", "How a driver follows an address space: each strategy with the same work.")
        {
            threads, size, repetitions, json,
        };
        command.SetAction(parsed =>
        {
            var bench = new MirrorBench(parsed.GetValue(size), parsed.GetValue(repetitions), parsed.GetRequiredValue(threads));
            MirrorDocument document = bench.Measure();
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(document);
            }
            else
            {
                TextOutput.Write(document);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static int[] Parse(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        int[] counts = [.. text.Split(',').Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MostThreads ? count : 0)];
        if (counts.Contains(0) || counts.Distinct().Count() != counts.Length)
        {
            argument.AddError($"--threads {text}: expected different whole numbers from 1 to {MostThreads} with commas in between");
        }

        return counts;
    }
}
