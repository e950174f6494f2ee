using GpuSvm.Svm;

namespace GpuSvm;

/// <summary>Where the pages of one range are: of consecutive pages that the GPU's driver follows, brings in and moves together.</summary>
/// <param name="Range">Its addresses.</param>
/// <param name="Runs">Runs of pages of which the same holds, in order; they cover the range, its holes included.</param>
public sealed record RangeResidency(AddressRange Range, IReadOnlyList<SvmResidencyRun> Runs)
{
    /// <summary>Number of 4 KiB pages that lie in the GPU's own memory.</summary>
    public long VideoPages => Count(run => run.Place == SvmPlace.Own);

    /// <summary>Number of pages that lie in the system's memory, those of the zero page included.</summary>
    public long SystemPages => Count(run => run.Place == SvmPlace.System);

    /// <summary>Number of pages that the GPU uses without a fault.</summary>
    public long MappedPages => Count(run => run.Rights != Protection.None);

    /// <summary>Puts the runs of ranges together.</summary>
    /// <param name="runs">In order; each lies in one range.</param>
    internal static IReadOnlyList<RangeResidency> Of(IReadOnlyList<SvmResidencyRun> runs)
    {
        List<RangeResidency> ranges = [];
        for (int first = 0, end; first < runs.Count; first = end)
        {
            end = first + 1;
            while (end < runs.Count && runs[end].Chunk == runs[first].Chunk)
            {
                end++;
            }

            ranges.Add(new RangeResidency(runs[first].Chunk, [.. runs.Take(first..end)]));
        }

        return ranges;
    }

    private long Count(Func<SvmResidencyRun, bool> counts) => Runs.Where(counts).Sum(run => (long)run.Pages.PageCount);
}
