namespace GpuSvm.Cli.Hmm;

/// <summary>What came of all tests, as the JSON document shows it.</summary>
/// <param name="Seed">Where all chance came from.</param>
/// <param name="Results">One for each test and kind of memory.</param>
internal sealed record HmmTestsDocument(ulong Seed, IReadOnlyList<HmmTestRow> Results)
{
    /// <summary>Number of results that are as they must be.</summary>
    public int Passed => Results.Count - Failed;

    /// <summary>Number of the others.</summary>
    public int Failed => Results.Count(row => row.Failure is not null);
}
