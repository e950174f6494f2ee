namespace GpuSvm.Scenarios;

/// <summary>How a search went.</summary>
/// <param name="Schedules">Number of schedules that were run.</param>
/// <param name="Hashes">Hashes of the distinct ones.</param>
/// <param name="Steps">Number of steps of all schedules together.</param>
/// <param name="Elapsed">Time that they took, without shrinking.</param>
/// <param name="Failure">The first failure, which ended the search, or null.</param>
public sealed record SearchResult(int Schedules, IReadOnlyCollection<ulong> Hashes, long Steps, TimeSpan Elapsed, SearchFailure? Failure);
