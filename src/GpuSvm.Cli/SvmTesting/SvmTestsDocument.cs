namespace GpuSvm.Cli.SvmTesting;

/// <summary>What came of all tests, as the JSON document shows it.</summary>
/// <param name="Seed">Where all chance came from.</param>
/// <param name="RunsOn">The mirror strategy, and the placement where pages move by themselves.</param>
/// <param name="Results">One for each test, and one more for each race that the explorer ran.</param>
internal sealed record SvmTestsDocument(ulong Seed, string RunsOn, IReadOnlyList<SvmTestRow> Results)
{
    /// <summary>Number of results that are as they must be.</summary>
    public int Passed => Results.Count - Failed;

    /// <summary>Number of the others.</summary>
    public int Failed => Results.Count(row => row.Failure is not null);
}
