using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>The three samples of live memory do what README.md says of them.</summary>
public sealed class SampleTests
{
    private const string Printed =
        """
        nobody has touched y  : nowhere yet, CPU none, GPU none; pagemap: absent
        the CPU has filled it : in system memory, CPU read-write, GPU none; pagemap: present, file or shared
        the GPU has used it   : in the GPU's memory, CPU none, GPU read-write; pagemap: swapped, write-protected by userfaultfd
        y[42] is 5
        the CPU has read it   : in system memory, CPU read-write, GPU none; pagemap: present, file or shared

        """;

    [LiveFact]
    public async Task Saxpy_shows_where_a_page_is_before_and_after_each_side_has_used_it()
    {
        (int exitCode, string output, string error) = await RunAsync("Saxpy");

        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Equal(Printed, output);
    }

    [LiveTheory]
    [InlineData("LinkedList", "10000 nodes, from 20000 down to 2\n")]
    [InlineData("TakingTurns", "200 turns each: the squares of 6400 numbers add up to 87360854400\n")]
    public async Task A_sample_prints_what_both_sides_have_made_of_the_memory(string sample, string line) =>
        Assert.Equal((0, line, string.Empty), await RunAsync(sample));

    [Fact]
    public void What_the_first_page_shows_of_Saxpy_is_the_sample_and_what_it_prints()
    {
        string page = Repository.Read("README.md");
        string[] sample = [.. Repository.Read("samples/Saxpy/Program.cs").Split('\n').Select(WithoutComment)];
        string[] shown = [.. page.Split("```csharp\n")[1].Split("```")[0].TrimEnd().Split('\n').Select(WithoutComment)];

        Assert.Equal(8, shown.Length);
        Assert.Equal(shown, sample.Where(shown.Contains));
        Assert.Contains($"```text\n{Printed}```", page, StringComparison.Ordinal);

        static string WithoutComment(string line) => line.Split("//")[0].TrimEnd();
    }

    [Theory]
    [InlineData("Saxpy")]
    [InlineData("LinkedList")]
    [InlineData("TakingTurns")]
    public async Task Without_userfaultfd_a_sample_names_what_is_missing_and_exits_with_3(string sample) => Assert.Equal(
        (3, string.Empty, "userfaultfd is switched off by GPUSVM_NO_USERFAULTFD=1\n"), await RunAsync(sample, ("GPUSVM_NO_USERFAULTFD", "1")));

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(string sample, params (string Name, string Value)[] environment) =>
        ChildProcess.DotnetAsync(
            AppContext.BaseDirectory, environment.ToDictionary(variable => variable.Name, variable => variable.Value), $"{sample}.dll");
}
