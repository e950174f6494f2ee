using System.Globalization;

namespace GpuSvm.Mmu;

/// <summary>Something that does not agree between an address space's books and its encoded tables.</summary>
/// <param name="What">What, in a word or two.</param>
/// <param name="Address">An address where it shows.</param>
public readonly record struct CheckFinding(string What, VirtualAddress Address)
{
    /// <summary>The finding in the form <c>what@0x1000</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{What}@{Address}");
}
