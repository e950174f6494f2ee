using System.Text.Json;

namespace GpuSvm;

/// <summary>Runs <c>gpusvm explore</c>, whose processes are the only ones in which schedules can be chosen.</summary>
internal static partial class Tool
{
    /// <summary>Explores and gives the exit code and the results by scenario or, where breaks are on, by break.</summary>
    public static async Task<(int ExitCode, Dictionary<string, JsonElement> Results)> ExploreAsync(params string[] arguments)
    {
        (int exitCode, JsonElement document) = await ExploreDocumentAsync(arguments);
        return (exitCode, document.GetProperty("results").EnumerateArray().ToDictionary(NameOf));
    }

    /// <summary>Explores and gives the exit code and the document.</summary>
    public static async Task<(int ExitCode, JsonElement Document)> ExploreDocumentAsync(params string[] arguments)
    {
        ToolResult explored = await RunAsync(["explore", .. arguments, "--json"]);
        Assert.Equal("", explored.Error);
        return (explored.ExitCode, JsonDocument.Parse(explored.Output).RootElement);
    }

    /// <summary>Asks for the schedule points of the code.</summary>
    public static async Task<JsonElement> PointsAsync()
    {
        (int exitCode, JsonElement document) = await ExploreDocumentAsync("points");
        Assert.Equal(0, exitCode);
        return document;
    }

    private static string NameOf(JsonElement result) =>
        (result.TryGetProperty("break", out JsonElement broken) ? broken : result.GetProperty("scenario")).GetString()!;
}
