using GpuSvm.Mmu.Formats.Gp100;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>The format with pages by pfn of two sizes.</summary>
public sealed class Gp100ModelTests(ITestOutputHelper output) : ModelTests<Gp100Format>(output, Calls)
{
    internal const int Calls = 700_000;
}
