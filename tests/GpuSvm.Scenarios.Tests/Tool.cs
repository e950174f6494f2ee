using System.Diagnostics;
using System.Text.Json;

namespace GpuSvm.Scenarios.Tests;

/// <summary>Runs <c>gpusvm explore</c>, whose processes are the only ones in which schedules can be chosen.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Explores and gives the exit code and the results by scenario or, where breaks are on, by break.</summary>
    public static async Task<(int ExitCode, Dictionary<string, JsonElement> Results)> ExploreAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "GpuSvm.Cli.dll"), "explore", .. arguments, "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'explore {string.Join(' ', arguments)}' did not end within {Limit}.", late);
        }

        Assert.Equal("", await error);
        JsonElement[] results = [.. JsonDocument.Parse(await output).RootElement.GetProperty("results").EnumerateArray()];
        return (process.ExitCode, results.ToDictionary(NameOf));
    }

    private static string NameOf(JsonElement result) =>
        (result.TryGetProperty("break", out JsonElement broken) ? broken : result.GetProperty("scenario")).GetString()!;
}
