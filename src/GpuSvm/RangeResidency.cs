using GpuSvm.Mm;

namespace GpuSvm;

/// <summary>Where the pages of one range are: of consecutive pages that the GPU's driver follows, maps and moves together.</summary>
/// <param name="Range">Its addresses.</param>
/// <param name="Runs">Runs of pages of which the same holds, in order; they cover the range, its holes included.</param>
public sealed record RangeResidency(AddressRange Range, IReadOnlyList<ResidencyRun> Runs)
{
    /// <summary>Number of 4 KiB pages that lie in the GPU's own memory.</summary>
    public long VideoPages => Count(run => run.IsInVideoMemory);

    /// <summary>Number of pages that lie in the system's memory, those of the zero page included.</summary>
    public long SystemPages => Count(run => run.IsInSystemMemory);

    /// <summary>Number of pages that lie nowhere: unmapped, or not touched yet.</summary>
    public long AbsentPages => Count(run => !run.IsInVideoMemory && !run.IsInSystemMemory);

    private long Count(Func<ResidencyRun, bool> counts) => Runs.Where(counts).Sum(run => (long)run.Range.PageCount);
}
