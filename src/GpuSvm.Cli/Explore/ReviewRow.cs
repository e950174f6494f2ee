namespace GpuSvm.Cli.Explore;

/// <summary>What was seen of one point of a review.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Point">What is wrong, in one sentence.</param>
/// <param name="Posted">The algorithm as it was posted: up to the first schedule that shows the defect.</param>
/// <param name="Repaired">The repaired algorithm, on the same seeds.</param>
internal sealed record ReviewRow(string Id, string Point, ExploreRow Posted, ExploreRow Repaired);
