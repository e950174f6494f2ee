namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>Scripts print what the original prints, and what it should print where it is wrong.</summary>
public sealed class ScriptPairTests
{
    private const string Originals = "";
    private const string Defects = "defects";

    public static TheoryData<string> NamesOfOriginals => [.. ScriptPair.Names(Originals)];

    public static TheoryData<string> NamesOfDefects => [.. ScriptPair.Names(Defects)];

    /// <summary>Equal to the original's, but that each DMA mapping is undone.</summary>
    [Theory]
    [MemberData(nameof(NamesOfOriginals))]
    public void A_script_prints_what_the_original_prints(string name)
    {
        ScriptPair pair = ScriptPair.Named(Originals, name);

        Assert.Empty(ScriptComparison.Differences(DmaBalance.Corrected(pair.Expected), ScriptRun.Lines(pair.Script)));
    }

    [Theory]
    [MemberData(nameof(NamesOfDefects))]
    public void A_defect_of_the_original_is_mended(string name)
    {
        ScriptPair pair = ScriptPair.Named(Defects, name);

        Assert.Empty(ScriptComparison.Differences(pair.Expected, ScriptRun.Lines(pair.Script)));
    }

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
}
