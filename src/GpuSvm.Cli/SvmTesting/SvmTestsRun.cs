using GpuSvm.Cli.Explore;
using GpuSvm.Scenarios;
using GpuSvm.SvmTests;

namespace GpuSvm.Cli.SvmTesting;

/// <summary>Runs tests: each on real threads, then the races among them under the explorer.</summary>
/// <param name="tests">Which.</param>
/// <param name="options">What they run on.</param>
/// <param name="done">Told of each result of one group of tests.</param>
internal sealed class SvmTestsRun(IReadOnlyList<SvmTest> tests, SvmTestOptions options, Action<IReadOnlyList<SvmTestRow>> done)
{
    private const string Explored = "explorer";

    /// <summary>Runs them.</summary>
    /// <param name="schedules">Schedules of each race; 0 for none.</param>
    public async Task<SvmTestsDocument> RunAsync(int schedules)
    {
        // Before anything looks at the switch, which counts for the life of the process: a test that leaves a lock behind fails.
        AppContext.SetSwitch("GpuSvm.Checks", true);
        List<SvmTestRow> all = [];
        foreach (IGrouping<string, SvmTest> group in tests.GroupBy(test => test.Wrapper))
        {
            SvmTestRow[] rows = [.. group.Select(test => new SvmTestRow(test.Name, group.Key, null, test.Run(options)))];
            done(rows);
            all.AddRange(rows);
        }

        string[] races = [.. tests.Where(test => test.IsRace).Select(test => test.RaceOn(options))];
        if (schedules > 0 && races.Length > 0)
        {
            IReadOnlyList<SvmTestRow> rows = await ExploreAsync(races, schedules).ConfigureAwait(false);
            done(rows);
            all.AddRange(rows);
        }

        return new SvmTestsDocument(options.Seed, options.Label, all);
    }

    private async Task<IReadOnlyList<SvmTestRow>> ExploreAsync(string[] races, int schedules)
    {
        var search = new SearchOptions(SearchStrategy.Pct, options.Seed, 1, schedules);
        string assembly = typeof(SvmTestSuite).Assembly.Location;
        IReadOnlyList<ExploreRow> rows = await Explore.Exploration.OfScenariosAsync(races, search, assembly).ConfigureAwait(false);
        return [.. rows.Select(row => new SvmTestRow(row.Scenario, Explored, row.Schedules, Describe(row.Failure)))];
    }

    private static string? Describe(SearchFailure? failure) =>
        failure is null ? null : $"{failure.Kind} at seed {failure.Seed}: {failure.Message}";
}
