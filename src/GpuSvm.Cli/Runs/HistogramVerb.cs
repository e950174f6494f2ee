using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run histogram</c>.</summary>
internal static class HistogramVerb
{
    private const int ShownValues = 8;

    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("histogram", "Count how often each byte value occurs in a file.");
        Argument<string> file = WorkloadCommand.FileArgument("Any file.");
        command.Add(file);
        command.Runs((session, parsed) => RunAsync(session, InputFile.At(parsed.GetRequiredValue(file))));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, InputFile file)
    {
        int blocks = session.BlocksFor(file.Length / Histogram.ChunkBytes);
        ulong data = session.Load(file);
        ulong counts = session.Map(Histogram.TableBytes);
        ulong partials = session.Map((ulong)blocks * (ulong)RunSession.BlockSize * Histogram.TableBytes);
        var args = new HistogramArgs(data, file.Length, counts, partials);
        await session.LaunchAsync(Histogram.Kernel, blocks, RunSession.BlockSize, args).ConfigureAwait(false);
        long[] seen = new long[Histogram.Values];
        for (int value = 0; value < seen.Length; value++)
        {
            seen[value] = session.Target.Load<long>(counts + (8 * (ulong)value));
        }

        using FileStream again = file.Open();
        long[] expected = PlainHistogram.Count(again);
        int wrong = Enumerable.Range(0, Histogram.Values).FirstOrDefault(value => seen[value] != expected[value], -1);
        return new RunReport(
            FileInput.Of(file),
            new HistogramResult(seen.Sum(), seen),
            Describe(seen),
            wrong < 0 ? null : $"the CPU counts byte {wrong} {expected[wrong]} times, the GPU {seen[wrong]} times");
    }

    private static List<string> Describe(long[] counts)
    {
        long bytes = counts.Sum();
        var seen = counts.Index().Where(entry => entry.Item > 0).OrderByDescending(entry => entry.Item).ToList();
        List<string> lines = [$"{bytes} bytes, {seen.Count} different values; most frequent:"];
        foreach ((int value, long count) in seen.Take(ShownValues))
        {
            string shown = value is > ' ' and < 0x7f ? $" '{(char)value}'" : "    ";
            double share = 100.0 * count / bytes;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  0x{value:x2}{shown} {count,14} {share,6:f2} %"));
        }

        return lines;
    }
}
