using System.Globalization;
using System.Text.Json;

namespace GpuSvm.Scenarios.Tests;

/// <summary>The production code stands every schedule, and a seed gives the same schedule each time.</summary>
public sealed class ScenarioTests
{
    /// <summary>The 76th schedule of one process is the first one of another: equal hashes, unless a schedule came twice.</summary>
    [Fact]
    public async Task Every_scenario_is_clean_and_a_schedule_is_the_same_whichever_were_run_before_it()
    {
        Dictionary<string, JsonElement> all = await ExploreAllAsync("random", 150, 7);
        Dictionary<string, JsonElement> first = await ExploreAllAsync("random", 75, 7);
        Dictionary<string, JsonElement> rest = await ExploreAllAsync("random", 75, 82);

        string[] unique = [.. all.Keys.Where(name => all[name].GetProperty("distinct").GetInt32() == 150)];
        Assert.InRange(unique.Length, all.Count - 2, all.Count);
        Assert.All(unique, name => Assert.Equal(NumberOf(all[name]), NumberOf(first[name]) ^ NumberOf(rest[name])));
    }

    [Fact]
    public async Task Every_scenario_is_clean_and_a_seed_gives_the_same_schedule_by_priorities_again()
    {
        Dictionary<string, JsonElement> all = await ExploreAllAsync("pct", 150, 7);
        Dictionary<string, JsonElement> again = await ExploreAllAsync("pct", 150, 7);

        Assert.Equal(all.Values.Select(NumberOf), again.Values.Select(NumberOf));
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

    private static async Task<Dictionary<string, JsonElement>> ExploreAllAsync(string strategy, int schedules, int seed)
    {
        (int exitCode, Dictionary<string, JsonElement> results) =
            await Tool.ExploreAsync("all", "--strategy", strategy, "--schedules", $"{schedules}", "--seed", $"{seed}");

        Assert.Equal(0, exitCode);
        Assert.Equal(RaceScenarios.All().Select(scenario => scenario.Name), results.Keys);
        Assert.All(results.Values, result => Assert.Equal(schedules, result.GetProperty("schedules").GetInt32()));
        return results;
    }
}
