using System.Text.Json;

namespace GpuSvm.Scenarios.Tests;

/// <summary>The reviewed patches are raced as they were posted, and repaired: every point of the review is found and mended.</summary>
public sealed class ReviewTests(ReviewTests.Explored explored) : IClassFixture<ReviewTests.Explored>
{
    private const int Schedules = 1000;

    [Fact]
    public void The_points_are_those_of_the_departures() =>
        Assert.Equal(["P01", "P02", "P03", "P05", "P06", "D04", "D05"], explored.Points.Keys);

    [Theory]
    [InlineData("P01", "The fault asks an interval for a retry that an unmap has freed.")]
    [InlineData("P02", "The release of an interval runs after the teardown has returned and freed its owner.|The callback of an interval runs after the teardown has returned and freed its owner.")]
    [InlineData("P03", "A mirrored byte is what the CPU holds, while nothing is invalidated.")]
    [InlineData("P05", "No two intervals hold the same page.")]
    [InlineData("P06", "Teardown finds an interval for ever whose removal is put off until the unmap gets the lock it holds.")]
    [InlineData("D04", "What a client has mapped in its window stays.")]
    [InlineData("D05", "The GPU's table holds no page that the CPU's does not hold.")]
    public void The_algorithm_as_posted_fails_in_the_way_of_its_point_and_the_repaired_one_stands_the_same_seeds(string id, string sentence)
    {
        JsonElement point = explored.Points[id];
        Assert.True(point.GetProperty("posted").TryGetProperty("failure", out JsonElement failure), $"{id} was not found.");
        Assert.Contains(failure.GetProperty("message").GetString()!.Replace("Invariant broken: ", "", StringComparison.Ordinal), sentence.Split('|'));
        Assert.InRange(failure.GetProperty("interleaving").GetArrayLength(), 2, 20);
        Assert.False(point.GetProperty("repaired").TryGetProperty("failure", out JsonElement broken), $"{broken}");
        Assert.Equal(Schedules, point.GetProperty("repaired").GetProperty("schedules").GetInt32());
    }

    [Fact]
    public void The_exit_code_says_that_all_were_found_and_all_are_mended() => Assert.Equal(0, explored.ExitCode);

    [Fact]
    public async Task What_is_not_found_shows_in_the_exit_code()
    {
        (int exitCode, JsonElement document) = await Tool.ExploreDocumentAsync("review", "--schedules", "1", "--seed", "2");
        Assert.Contains(document.GetProperty("points").EnumerateArray(), point => !point.GetProperty("posted").TryGetProperty("failure", out _));
        Assert.Equal(1, exitCode);
    }

    /// <summary>What <c>explore review</c> finds.</summary>
    public sealed class Explored : IAsyncLifetime
    {
        public int ExitCode { get; private set; }

        public IReadOnlyDictionary<string, JsonElement> Points { get; private set; } = new Dictionary<string, JsonElement>();

        public async Task InitializeAsync()
        {
            (ExitCode, JsonElement document) = await Tool.ExploreDocumentAsync("review", "--schedules", $"{Schedules}");
            Points = document.GetProperty("points").EnumerateArray().ToDictionary(point => point.GetProperty("id").GetString()!);
        }

        public Task DisposeAsync() => Task.CompletedTask;
    }
}
