using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary><c>gpusvm explore review</c>: two reviewed patches as they were posted, and repaired, on the same seeds.</summary>
internal static class ReviewExploration
{
    /// <summary>Schedules of each race unless the command line says otherwise.</summary>
    public const int Schedules = 2000;

    /// <summary>Races each point of the review, both ways.</summary>
    public static async Task<ReviewDocument> RunAsync(SearchOptions options)
    {
        string assembly = ScenarioAssembly.OfReview;
        ReviewPoint[] points = [.. RaceScenarios.ReviewsIn(ScenarioAssembly.Load(assembly)).SelectMany(review => review.Points)];
        IReadOnlyList<ExploreRow> posted =
            await Exploration.OfEachAsync([.. points.Select(point => point.Posted.Name)], options, assembly).ConfigureAwait(false);
        IReadOnlyList<ExploreRow> repaired =
            await Exploration.OfScenariosAsync([.. points.Select(point => point.Repaired.Name)], options, assembly).ConfigureAwait(false);
        return new ReviewDocument(
            options.Strategy.ToString().ToLowerInvariant(),
            options.FirstSeed,
            options.Schedules,
            [.. points.Select((point, i) => new ReviewRow(point.Id, point.Sentence, posted[i], repaired[i]))]);
    }
}
