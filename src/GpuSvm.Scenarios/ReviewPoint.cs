namespace GpuSvm.Scenarios;

/// <summary>One point of a review.</summary>
/// <param name="Id">Its name in docs/departures.md.</param>
/// <param name="Sentence">What is wrong, in one sentence.</param>
/// <param name="Posted">The race that fails with the algorithm as it was posted.</param>
/// <param name="Repaired">The same race with the repaired algorithm.</param>
public sealed record ReviewPoint(string Id, string Sentence, IRaceScenario Posted, IRaceScenario Repaired);
