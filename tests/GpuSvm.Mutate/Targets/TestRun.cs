namespace GpuSvm.Mutate.Targets;

/// <summary>Tests that are run against a mutated assembly.</summary>
/// <param name="Assembly">Name of the test assembly.</param>
/// <param name="Filter">Which of its tests, as <c>dotnet test --filter</c> takes it; empty for all.</param>
public sealed record TestRun(string Assembly, string Filter = "");
