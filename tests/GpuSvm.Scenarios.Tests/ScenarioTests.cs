using System.Globalization;
using System.Text.Json;

namespace GpuSvm.Scenarios.Tests;

/// <summary>The production code stands every schedule, and a seed gives the same schedule each time.</summary>
public sealed class ScenarioTests
{
    [Theory]
    [InlineData("random")]
    [InlineData("pct")]
    public async Task Every_scenario_is_clean_and_a_seed_gives_the_same_schedules_again(string strategy)
    {
        string[] arguments = ["all", "--strategy", strategy, "--schedules", "150", "--seed", "7"];
        (int exitCode, Dictionary<string, JsonElement> results) = await Tool.ExploreAsync(arguments);
        (_, Dictionary<string, JsonElement> again) = await Tool.ExploreAsync(arguments);

        Assert.Equal(0, exitCode);
        Assert.Equal(RaceScenarios.All().Select(scenario => scenario.Name), results.Keys);
        Assert.All(results.Values, result => Assert.Equal(150, result.GetProperty("schedules").GetInt32()));
        Assert.Equal(results.Select(HashOf), again.Select(HashOf));
    }

    [Fact]
    public async Task Every_race_of_a_driver_is_clean_on_every_strategy()
    {
        (int exitCode, Dictionary<string, JsonElement> results) =
            await Tool.ExploreAsync("strategies", "--strategy", "pct", "--schedules", "80", "--seed", "11");

        Assert.Equal(0, exitCode);
        Assert.Equal(RaceScenarios.OnStrategies().Select(scenario => scenario.Name), results.Keys);
        Assert.Equal(4 * RaceScenarios.All().OfType<IDriverRace>().Count(), results.Count);
        Assert.All(results.Values, result => Assert.Equal(80, result.GetProperty("schedules").GetInt32()));
    }

    /// <summary>The 151st schedule of one process is the first one of another: equal hashes, unless a schedule came twice.</summary>
    [Fact]
    public async Task A_schedule_is_the_same_whichever_were_run_before_it()
    {
        (_, Dictionary<string, JsonElement> all) = await Tool.ExploreAsync("all", "--schedules", "300", "--seed", "1");
        (_, Dictionary<string, JsonElement> first) = await Tool.ExploreAsync("all", "--schedules", "150", "--seed", "1");
        (_, Dictionary<string, JsonElement> rest) = await Tool.ExploreAsync("all", "--schedules", "150", "--seed", "151");

        string[] unique = [.. all.Keys.Where(name => all[name].GetProperty("distinct").GetInt32() == 300)];
        Assert.InRange(unique.Length, all.Count - 2, all.Count);
        Assert.All(unique, name => Assert.Equal(NumberOf(all[name]), NumberOf(first[name]) ^ NumberOf(rest[name])));
    }

    [Fact]
    public async Task The_order_of_two_threads_at_a_cache_is_explored_to_the_end()
    {
        (int exitCode, Dictionary<string, JsonElement> results) =
            await Tool.ExploreAsync("flush-vs-fill", "--strategy", "exhaustive", "--schedules", "100000");

        JsonElement result = results["flush-vs-fill"];
        Assert.Equal(0, exitCode);
        Assert.InRange(result.GetProperty("schedules").GetInt32(), 100, 99_999);
        Assert.Equal(result.GetProperty("schedules").GetInt32(), result.GetProperty("distinct").GetInt32());
    }

    private static ulong NumberOf(JsonElement result) =>
        ulong.Parse(result.GetProperty("hash").GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static string HashOf(KeyValuePair<string, JsonElement> result) => $"{result.Key} {result.Value.GetProperty("hash")}";
}
