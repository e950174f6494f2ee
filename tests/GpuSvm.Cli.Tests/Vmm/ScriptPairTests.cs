namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>Scripts print what the original prints, and what it should print where it is wrong.</summary>
public sealed class ScriptPairTests
{
    private const string Originals = "";
    private const string Defects = "defects";

    private const string NothingLeft = " teardown ok pt=0 sw=0 mem=0 dma=0 warn=0";

    public static TheoryData<string> NamesOfOriginals => [.. ScriptPair.Names(Originals)];

    public static TheoryData<string> NamesOfDefects => [.. ScriptPair.Names(Defects)];

    /// <summary>Equal to the original's, but that each DMA mapping is undone.</summary>
    [Theory]
    [MemberData(nameof(NamesOfOriginals))]
    public void A_script_prints_what_the_original_prints(string name)
    {
        ScriptPair pair = ScriptPair.Named(Originals, name);

        string[] lines = ScriptRun.Lines(pair.Script);

        Assert.Empty(ScriptComparison.Differences(DmaBalance.Corrected(pair.Expected), lines));
        Assert.EndsWith(NothingLeft, lines[^1]);
    }

    [Theory]
    [MemberData(nameof(NamesOfDefects))]
    public void A_defect_of_the_original_is_mended(string name)
    {
        ScriptPair pair = ScriptPair.Named(Defects, name);

        string[] lines = ScriptRun.Lines(pair.Script);

        Assert.Empty(ScriptComparison.Differences(pair.Expected, lines));
        Assert.EndsWith(NothingLeft, lines[^1]);
    }

    /// <summary>Findings of checks do not count in a comparison; here they do.</summary>
    [Theory]
    [MemberData(nameof(NamesOfOriginals))]
    public void Books_and_tables_agree_after_every_operation(string name) => ExpectNoFindings(ScriptPair.Named(Originals, name));

    [Theory]
    [MemberData(nameof(NamesOfDefects))]
    public void Books_and_tables_agree_after_every_operation_of_a_defect(string name) => ExpectNoFindings(ScriptPair.Named(Defects, name));

    [Fact]
    public void All_pairs_are_there()
    {
        Assert.Equal((36, 31), (ScriptPair.Names(Originals).Count, ScriptPair.Names(Defects).Count));
        Assert.All(ScriptPair.Names(Defects), name =>
            Assert.Matches(@"^# V\d\d: .*\. Decided by result \d+\.\n", ScriptPair.Named(Defects, name).Script));
    }

    /// <summary>Remapped pages: defects V21 and V22 in docs/departures.md. Everywhere else the balances are those of the dumps.</summary>
    [Fact]
    public void The_original_forgets_DMA_mappings_in_eleven_of_its_outputs() => Assert.Equal(
        ["managed-1", "managed-2", "managed-4", "managed-5", "managed-6", "mixed-4", "pfn-1", "pfn-3", "pfn-4", "pfn-5", "pfn-6"],
        ScriptPair.Names(Originals).Where(name =>
        {
            string[] expected = ScriptPair.Named(Originals, name).Expected;
            return ScriptComparison.Differences(DmaBalance.Corrected(expected), expected).Count > 0;
        }));

    private static void ExpectNoFindings(ScriptPair pair)
    {
        string[] checks = [.. ScriptRun.Lines(pair.Script.Replace("\n", "\ncheck\n")).Where(line => line.Contains(" check "))];

        Assert.NotEmpty(checks);
        Assert.All(checks, line => Assert.Matches("^[0-9]+ check (ok|err ENODEV)$", line));
    }
}
