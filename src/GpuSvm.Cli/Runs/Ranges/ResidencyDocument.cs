using GpuSvm.Mm;

namespace GpuSvm.Cli.Runs.Ranges;

/// <summary>Where the memory of a run was at its end, as the JSON document shows it.</summary>
/// <param name="VideoPages">Pages of 4 KiB in the GPU's memory, be they in a range or not.</param>
/// <param name="SystemPages">Pages in system memory.</param>
/// <param name="VideoRanges">Ranges all of whose pages lie in the GPU's memory.</param>
/// <param name="SystemRanges">Ranges all of whose pages lie in system memory.</param>
/// <param name="MixedRanges">Ranges with pages in both.</param>
/// <param name="AbsentRanges">Ranges without pages.</param>
internal sealed record ResidencyDocument(
    long VideoPages, long SystemPages, int VideoRanges, int SystemRanges, int MixedRanges, int AbsentRanges)
{
    /// <summary>Adds up.</summary>
    /// <param name="memory">All memory of the process.</param>
    /// <param name="rows">The ranges.</param>
    public static ResidencyDocument Of(IReadOnlyList<ResidencyRun> memory, IReadOnlyList<RangeRow> rows) => Of(
        Pages(memory, PageLocation.DevicePrivate, PageLocation.DeviceCoherent),
        Pages(memory, PageLocation.System, PageLocation.ZeroPage, PageLocation.DeviceExclusive),
        rows);

    /// <summary>Adds up.</summary>
    /// <param name="memory">All memory of the process, if that is a live one.</param>
    /// <param name="rows">The ranges.</param>
    public static ResidencyDocument Of(IReadOnlyList<PageResidencyRun> memory, IReadOnlyList<RangeRow> rows) =>
        Of(Pages(memory, PagePlacement.DeviceMemory), Pages(memory, PagePlacement.SystemMemory), rows);

    private static ResidencyDocument Of(long videoPages, long systemPages, IReadOnlyList<RangeRow> rows) => new(
        videoPages,
        systemPages,
        Count(rows, RangeRow.Video),
        Count(rows, RangeRow.System),
        Count(rows, RangeRow.Mixed),
        Count(rows, RangeRow.Absent));

    private static long Pages(IReadOnlyList<ResidencyRun> memory, params PageLocation[] locations) =>
        memory.Where(run => locations.Contains(run.Location)).Sum(run => (long)run.Range.PageCount);

    private static long Pages(IReadOnlyList<PageResidencyRun> memory, PagePlacement placement) =>
        memory.Where(run => run.Residency.Placement == placement).Sum(run => (long)run.Range.PageCount);

    private static int Count(IReadOnlyList<RangeRow> rows, string place) => rows.Count(row => row.Place == place);
}
