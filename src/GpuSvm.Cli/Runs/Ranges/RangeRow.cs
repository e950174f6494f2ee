using GpuSvm.Svm;

namespace GpuSvm.Cli.Runs.Ranges;

/// <summary>Where one range has ended, as the JSON document shows it.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Place"><c>video</c>, <c>system</c>, <c>mixed</c> if it has pages in both, <c>absent</c> if it has none.</param>
/// <param name="VideoPages">Pages in the GPU's memory.</param>
/// <param name="SystemPages">Pages in system memory.</param>
/// <param name="AbsentPages">Pages that are unmapped, or that nobody has touched.</param>
/// <param name="MappedPages">Pages that the GPU uses without a fault.</param>
/// <param name="Runs">Its pages, in order.</param>
internal sealed record RangeRow(
    string Start,
    ulong Bytes,
    string Place,
    long VideoPages,
    long SystemPages,
    long AbsentPages,
    long MappedPages,
    IReadOnlyList<PageRun> Runs)
{
    /// <summary>Pages in the GPU's memory.</summary>
    public const string Video = "video";

    /// <summary>Pages in system memory.</summary>
    public const string System = "system";

    /// <summary>Pages in both.</summary>
    public const string Mixed = "mixed";

    /// <summary>No pages.</summary>
    public const string Absent = "absent";

    /// <summary>The row of a range.</summary>
    public static RangeRow Of(RangeResidency range)
    {
        List<PageRun> runs = [];
        foreach (SvmResidencyRun run in range.Runs)
        {
            string place = PlaceOf(run.Place);
            long pages = (long)run.Pages.PageCount;
            if (runs.Count > 0 && runs[^1].Place == place)
            {
                pages += runs[^1].Pages;
                runs.RemoveAt(runs.Count - 1);
            }

            runs.Add(new PageRun(place, pages));
        }

        return new RangeRow(
            range.Range.Start.ToString(),
            range.Range.Length,
            PlaceOf(range.VideoPages, range.SystemPages),
            range.VideoPages,
            range.SystemPages,
            (long)range.Range.PageCount - range.VideoPages - range.SystemPages,
            range.MappedPages,
            runs);
    }

    /// <summary>The place of pages that lie in two.</summary>
    public static string PlaceOf(long videoPages, long systemPages) =>
        videoPages > 0 && systemPages > 0 ? Mixed : videoPages > 0 ? Video : systemPages > 0 ? System : Absent;

    private static string PlaceOf(SvmPlace place) => place switch
    {
        SvmPlace.Own => Video,
        SvmPlace.System => System,
        _ => Absent,
    };
}
