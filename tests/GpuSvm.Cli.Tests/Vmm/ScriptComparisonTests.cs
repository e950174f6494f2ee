namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>The comparison lets nothing pass but what an implementation may do otherwise.</summary>
public sealed class ScriptComparisonTests
{
    [Theory]
    [InlineData("1 put ok", "1 put err ENOENT")]
    [InlineData("1 check ok", "1 check err ENODEV")]
    [InlineData("2 teardown ok pt=0", "2 teardown leak pt=1")]
    [InlineData("2 teardown ok pt=0", "3 teardown ok pt=0")]
    [InlineData("vma 0x0 0x1 F", "vma 0x0 0x2 F")]
    [InlineData(
        "cnt ptalloc=1 ptfree=0 ptlive=1 flush=0,0,0,0,0 dmamap=2 dmaunmap=1 mem=3",
        "cnt ptalloc=1 ptfree=0 ptlive=2 flush=0,0,0,0,0 dmamap=2 dmaunmap=1 mem=3")]
    [InlineData(
        "cnt ptalloc=1 ptfree=0 ptlive=1 flush=0,0,0,0,0 dmamap=2 dmaunmap=1 mem=3",
        "cnt ptalloc=1 ptfree=0 ptlive=1 flush=0,0,0,0,0 dmamap=2 dmaunmap=0 mem=3")]
    [InlineData(
        "cnt ptalloc=1 ptfree=0 ptlive=1 flush=0,0,0,0,0 dmamap=2 dmaunmap=1 mem=3",
        "cnt ptalloc=1 ptfree=0 ptlive=1 flush=0,0,0,0,0 dmamap=2 dmaunmap=1 mem=4")]
    [InlineData("end", "")]
    public void Lines_that_differ_are_told(string expected, string actual) =>
        Assert.Single(ScriptComparison.Differences([expected], actual.Length == 0 ? [] : [actual]));

    [Theory]
    [InlineData("1 check ok", "1 check ok bad 1 x@0x0")]
    [InlineData("3 digest ok 0x1 5", "3 digest ok 0x2 6")]
    [InlineData("2 teardown ok pt=0 sw=0 mem=0 dma=3 warn=0", "2 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0")]
    [InlineData(
        "cnt ptalloc=9 ptfree=8 ptlive=1 flush=4,0,0,0,5 dmamap=9 dmaunmap=7 mem=3",
        "cnt ptalloc=1 ptfree=0 ptlive=1 flush=0,0,0,0,0 dmamap=2 dmaunmap=0 mem=3")]
    public void What_an_implementation_may_do_otherwise_does_not_count(string expected, string actual) =>
        Assert.Empty(ScriptComparison.Differences([expected], [actual]));
}
