namespace GpuSvm.Cli.Explore;

/// <summary>The schedule points of the code, as the JSON document shows them.</summary>
/// <param name="Count">Number of points.</param>
/// <param name="ReachedCount">Number of those that a scenario reaches.</param>
/// <param name="Points">All, by file and line.</param>
internal sealed record PointsDocument(int Count, int ReachedCount, IReadOnlyList<PointRow> Points);
