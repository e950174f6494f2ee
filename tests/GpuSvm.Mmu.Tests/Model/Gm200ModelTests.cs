using GpuSvm.Mmu.Formats.Gf100;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>The same with sparse entries.</summary>
public sealed class Gm200ModelTests(ITestOutputHelper output)
    : ModelTests<Gf100Format<Gm200Generation, Gf100LargePage64K>>(output, Calls)
{
    internal const int Calls = 40_000;

    [Fact]
    public void All_models_together_make_a_million_calls() =>
        Assert.True(Gp100ModelTests.Calls + Gh100ModelTests.Calls + Gf100ModelTests.Calls + Calls >= ModelRun.CallsInAll);
}
