namespace GpuSvm.SvmTests;

/// <summary>The races of the matrix, one for each of its tests in which the CPU races with the GPU.</summary>
public sealed class SectionRaces : IRaceFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<IRaceScenario> Races =>
    [
        .. from wrapper in SvmWrappers.All
           from section in SvmSections.All
           where section.Has(SectionFlags.Race)
           select new SectionRace(wrapper, section),
    ];
}
