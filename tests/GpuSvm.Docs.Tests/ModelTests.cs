using System.Text.RegularExpressions;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>The model in docs/models is free of errors, each of its mutations is caught, and its README says the truth about code and model.</summary>
public sealed partial class ModelTests : IDisposable
{
    private static readonly string Text = Repository.Read("docs/models/README.md");
    private static readonly string Model = Repository.Read("docs/models/interval-notifiers.pml");

    private readonly string _folder = Directory.CreateTempSubdirectory("gpusvm-model-").FullName;

    private static IReadOnlyList<string[]> Mutations => MarkdownTable.Rows(Text, "mutation", "what SPIN says");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SpinFact]
    public async Task No_interleaving_breaks_the_model()
    {
        string output = await SearchAsync("-DROUNDS=1");

        Assert.Contains("errors: 0\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Search not completed", output, StringComparison.Ordinal);
        Assert.DoesNotContain("max search depth too small", output, StringComparison.Ordinal);
        Assert.Contains($"| {States().Match(output).Groups[1].Value} |", Text.Replace(",", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [SpinFact]
    public async Task Each_mutation_is_caught_as_the_document_says()
    {
        List<string> missed = [];
        foreach (string[] row in Mutations)
        {
            string output = await SearchAsync("-D" + row[0].Trim('`'));
            if (!output.Contains(MarkdownTable.Names(row[1])[^1], StringComparison.Ordinal))
            {
                missed.Add($"{row[0]}: {output}");
            }
        }

        Expect.None(missed);
    }

    [Fact]
    public void Each_mutation_of_the_model_has_its_row()
    {
        string[] switches = [.. Switch().Matches(Model).Select(match => match.Groups[1].Value).Except(["ROUNDS", "LIVENESS", "DEADLINES"])];

        Assert.Equal(switches.Order(StringComparer.Ordinal), Mutations.Select(row => row[0].Trim('`')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_step_names_a_word_of_the_model_members_that_exist_and_a_file_that_is_there()
    {
        IReadOnlyList<string[]> rows = MarkdownTable.Rows(Text, "model", "member", "file");

        Assert.Equal(12, rows.Count);
        Expect.None(rows.SelectMany(row => MarkdownTable.Names(row[0])).Where(word => !Regex.IsMatch(Model, $@"\b{word}\b")));
        Expect.None(rows.SelectMany(row => MarkdownTable.Names(row[1])).Where(name => !ApiIndex.OfSource.KnowsShort(name)));
        Expect.None(rows.Select(row => row[2]).Where(file => !File.Exists(Repository.PathTo(file))));
    }

    /// <summary>Generates the verifier with a switch, compiles it and returns what it found.</summary>
    private async Task<string> SearchAsync(string option)
    {
        await RunAsync("spin", "-a", option, Repository.PathTo("docs/models/interval-notifiers.pml"));
        await RunAsync("gcc", "-w", "-O2", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c");
        return await RunAsync(Path.Combine(_folder, "pan"), "-m400000", "-n");
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int exitCode, string output, string error) = await ChildProcess.ProgramAsync(_folder, program, arguments);
        Assert.True(exitCode == 0, output + error);
        return output;
    }

    [GeneratedRegex(@"(\d+) states, stored")]
    private static partial Regex States();

    [GeneratedRegex(@"^#ifn?def (\w+)", RegexOptions.Multiline)]
    private static partial Regex Switch();
}
