using GpuSvm.Mmu.Formats.Gf100;
using GpuSvm.Mmu.Formats.Gh100;
using GpuSvm.Mmu.Formats.Gp100;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>After each call an address space is what its model is; a class for each format, so that they run side by side.</summary>
/// <typeparam name="TFormat">The format.</typeparam>
public abstract class ModelTests<TFormat>(ITestOutputHelper output, int calls)
    where TFormat : struct, IPageTableFormat
{
    [Fact]
    public void The_space_agrees_with_its_model_after_every_call() => ModelRun.Make<TFormat>(calls, output);
}

/// <summary>The format with pages by pfn of two sizes.</summary>
public sealed class Gp100ModelTests(ITestOutputHelper output) : ModelTests<Gp100Format>(output, Calls)
{
    internal const int Calls = 700_000;
}

/// <summary>The deepest format.</summary>
public sealed class Gh100ModelTests(ITestOutputHelper output) : ModelTests<Gh100Format>(output, Calls)
{
    internal const int Calls = 220_000;
}

/// <summary>The shallowest format, with pages of one size in all that one directory entry names.</summary>
public sealed class Gf100ModelTests(ITestOutputHelper output)
    : ModelTests<Gf100Format<Gf100Generation, Gf100LargePage128K>>(output, Calls)
{
    internal const int Calls = 40_000;
}

/// <summary>The same with sparse entries.</summary>
public sealed class Gm200ModelTests(ITestOutputHelper output)
    : ModelTests<Gf100Format<Gm200Generation, Gf100LargePage64K>>(output, Calls)
{
    internal const int Calls = 40_000;

    [Fact]
    public void All_models_together_make_a_million_calls() =>
        Assert.True(Gp100ModelTests.Calls + Gh100ModelTests.Calls + Gf100ModelTests.Calls + Calls >= ModelRun.CallsInAll);
}
