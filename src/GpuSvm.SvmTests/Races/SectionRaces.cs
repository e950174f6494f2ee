namespace GpuSvm.SvmTests;

/// <summary>The races of the matrix, for each of its tests in which the CPU races with the GPU one on everything that it may run on.</summary>
public sealed class SectionRaces : IRaceFamily
{
    /// <inheritdoc/>
    public IReadOnlyList<IRaceScenario> Races =>
    [
        .. from wrapper in SvmWrappers.All
           from section in SvmSections.All
           where section.Has(SectionFlags.Race)
           from options in SvmTestOptions.Choices
           select new SectionRace(wrapper, section, options),
    ];
}
