namespace GpuSvm.SvmTests;

/// <summary>A kind of memory, and what is done with it: the second half of a test's name.</summary>
/// <param name="Name">Its name in IGT.</param>
/// <param name="Flags">What is special about it.</param>
internal sealed record SvmSection(string Name, SectionFlags Flags)
{
    /// <summary>True if one of these is special about it.</summary>
    public bool Has(SectionFlags flags) => (Flags & flags) != 0;
}
