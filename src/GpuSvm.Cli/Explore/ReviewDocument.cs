namespace GpuSvm.Cli.Explore;

/// <summary>All that the exploration of a review tells, as the JSON document shows it.</summary>
/// <param name="Strategy">How schedules were chosen.</param>
/// <param name="Seed">Seed of the first schedule.</param>
/// <param name="Schedules">Schedules of each repaired algorithm.</param>
/// <param name="Points">The points of the review.</param>
internal sealed record ReviewDocument(string Strategy, ulong Seed, int Schedules, IReadOnlyList<ReviewRow> Points)
{
    /// <summary>True if every defect was found, and every repaired algorithm stood all its schedules.</summary>
    public bool Holds => Points.All(row =>
        row.Posted.Failure is not null && row.Repaired.Failure is null && row.Repaired.Schedules == Schedules);
}
