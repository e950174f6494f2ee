using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary>What one process of an exploration saw of one scenario: a line that it prints.</summary>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="Schedules">Number of schedules.</param>
/// <param name="Steps">Number of their steps.</param>
/// <param name="Seconds">Time that they took.</param>
/// <param name="Hashes">Hashes of the distinct ones, eight bytes each.</param>
/// <param name="Failure">What was found, or null.</param>
internal sealed record ExplorePart(string Scenario, int Schedules, long Steps, double Seconds, byte[] Hashes, SearchFailure? Failure);
