using System.Text.Json;

namespace GpuSvm.Scenarios.Tests;

/// <summary>Each mutation of the production code is found by a scenario within 10,000 schedules.</summary>
public sealed class BreakTests(BreakTests.Found found) : IClassFixture<BreakTests.Found>
{
    public static TheoryData<string> Breaks => [.. RaceBreaks.Names];

    [Theory]
    [MemberData(nameof(Breaks))]
    public void A_break_is_found_and_its_schedule_told_in_twenty_lines(string name)
    {
        JsonElement result = found.Results[name];
        Assert.True(result.TryGetProperty("failure", out JsonElement failure), $"{name} was not found by {result.GetProperty("scenario")}.");
        Assert.InRange(failure.GetProperty("interleaving").GetArrayLength(), 2, 20);
    }

    [Fact]
    public void What_was_found_shows_in_the_exit_code() => Assert.Equal(1, found.ExitCode);

    [Fact]
    public void Every_break_that_a_scenario_finds_is_one_of_the_production_code() =>
        Assert.Empty(RaceBreaks.Names.Except(GpuSvm.Core.Breaks.Names));

    /// <summary>One that is found by another scenario costs a look at all of them: a few are forgiven, until someone renews the table.</summary>
    [Fact]
    public void Nearly_every_break_is_found_by_the_scenario_that_is_asked_first()
    {
        Assert.Empty(RaceBreaks.Finders.Values.Except(RaceScenarios.All().Select(scenario => scenario.Name)));
        string[] elsewhere = [.. RaceBreaks.Names.Where(name => found.Results[name].GetProperty("scenario").GetString() != RaceBreaks.Finders[name])];
        Assert.True(elsewhere.Length <= 3, string.Join(", ", elsewhere));
    }

    [Fact]
    public async Task A_failure_is_repeated_by_its_seed()
    {
        (string scenario, ulong seed, string lines) = Failure(found.Results["no-read-retry"]);
        (int exitCode, Dictionary<string, JsonElement> results) = await Tool.ExploreAsync(
            scenario, "--break", "no-read-retry", "--strategy", "pct", "--schedules", "1", "--seed", $"{seed}");

        Assert.Equal((1, (scenario, seed, lines)), (exitCode, Failure(results["no-read-retry"])));
    }

    private static (string Scenario, ulong Seed, string Lines) Failure(JsonElement result)
    {
        JsonElement failure = result.GetProperty("failure");
        return (result.GetProperty("scenario").GetString()!, failure.GetProperty("seed").GetUInt64(), $"{failure.GetProperty("interleaving")}");
    }

    /// <summary>What all scenarios find while one mutation after the other is on.</summary>
    public sealed class Found : IAsyncLifetime
    {
        public int ExitCode { get; private set; }

        public Dictionary<string, JsonElement> Results { get; private set; } = [];

        public async Task InitializeAsync() =>
            (ExitCode, Results) = await Tool.ExploreAsync("all", "--break", "all", "--strategy", "pct", "--schedules", "10000");

        public Task DisposeAsync() => Task.CompletedTask;
    }
}
