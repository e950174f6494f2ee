namespace GpuSvm.Scenarios;

/// <summary>Algorithms that were reviewed, raced as they were posted and as they are repaired; found like an <see cref="IRaceScenario"/>.</summary>
public interface IReview
{
    /// <summary>What was found wrong, in the order in which it is told.</summary>
    IReadOnlyList<ReviewPoint> Points { get; }
}
