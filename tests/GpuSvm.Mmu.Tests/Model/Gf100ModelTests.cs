using GpuSvm.Mmu.Formats.Gf100;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>The shallowest format, with pages of one size in all that one directory entry names.</summary>
public sealed class Gf100ModelTests(ITestOutputHelper output)
    : ModelTests<Gf100Format<Gf100Generation, Gf100LargePage128K>>(output, Calls)
{
    internal const int Calls = 40_000;
}
