using System.Text.Json;

namespace GpuSvm;

/// <summary>Runs <c>gpusvm explore</c>, whose processes are the only ones in which schedules can be chosen.</summary>
internal static partial class Tool
{
    /// <summary>Explores and gives the exit code and the results by scenario or, where breaks are on, by break.</summary>
    public static async Task<(int ExitCode, Dictionary<string, JsonElement> Results)> ExploreAsync(params string[] arguments)
    {
        ToolResult explored = await RunAsync(["explore", .. arguments, "--json"]);
        Assert.Equal("", explored.Error);
        JsonElement[] results = [.. JsonDocument.Parse(explored.Output).RootElement.GetProperty("results").EnumerateArray()];
        return (explored.ExitCode, results.ToDictionary(NameOf));
    }

    private static string NameOf(JsonElement result) =>
        (result.TryGetProperty("break", out JsonElement broken) ? broken : result.GetProperty("scenario")).GetString()!;
}
