using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run wordcount</c>.</summary>
internal static class WordCountVerb
{
    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("wordcount", "Count the lines and words of a text, as 'LC_ALL=C.UTF-8 wc -l -w FILE' does.");
        Argument<string> file = WorkloadCommand.FileArgument("The text: any file.");
        command.Add(file);
        command.Runs((session, parsed) => RunAsync(session, InputFile.At(parsed.GetRequiredValue(file))));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, InputFile file)
    {
        long chunks = WordCount.ChunkCount(file.Length);
        ulong text = session.Load(file);
        ulong totals = session.Map(WordCount.TotalsBytes);
        var args = new WordCountArgs(text, file.Length, totals, session.Map(8 * (ulong)chunks));
        await session.LaunchAsync(WordCount.Kernel, session.BlocksFor(chunks), RunSession.BlockSize, args).ConfigureAwait(false);
        var seen = new TextTotals(
            session.Target.Load<long>(totals + WordCount.LinesOffset), session.Target.Load<long>(totals + WordCount.WordsOffset));

        using FileStream again = file.Open();
        TextTotals expected = PlainWordCount.Count(again);
        return new RunReport(
            FileInput.Of(file),
            seen,
            [string.Create(CultureInfo.InvariantCulture, $"lines {seen.Lines}, words {seen.Words}")],
            seen == expected ? null : $"the CPU counts {expected.Lines} lines and {expected.Words} words");
    }
}
