namespace GpuSvm.Svm;

/// <summary>Consecutive pages for which the same holds.</summary>
/// <param name="Pages">The pages.</param>
/// <param name="Place">Where they lie.</param>
/// <param name="Rights">What the device may do with them without a fault: none where they are not mapped for it.</param>
/// <param name="Chunk">The range that they belong to; empty for none.</param>
public readonly record struct SvmResidencyRun(AddressRange Pages, SvmPlace Place, Protection Rights, AddressRange Chunk)
{
    /// <summary>True if the next run, which begins where this one ends, says the same.</summary>
    internal bool JoinsWith(in SvmResidencyRun next) => this with { Pages = next.Pages } == next;
}
