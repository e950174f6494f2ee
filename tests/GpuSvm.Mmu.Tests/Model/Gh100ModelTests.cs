using GpuSvm.Mmu.Formats.Gh100;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>The deepest format.</summary>
public sealed class Gh100ModelTests(ITestOutputHelper output) : ModelTests<Gh100Format>(output, Calls)
{
    internal const int Calls = 220_000;
}
