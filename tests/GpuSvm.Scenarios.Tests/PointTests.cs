using System.Runtime.CompilerServices;
using System.Text.Json;

namespace GpuSvm.Scenarios.Tests;

/// <summary>Every schedule point of Mm, Mmu, Driver, Gpu and Svm is reached by a race or stands in docs/schedule-points.md with the reason.</summary>
public sealed class PointTests
{
    [Fact]
    public async Task A_point_is_reached_by_a_race_or_listed_with_a_reason()
    {
        JsonElement document = await Tool.PointsAsync();
        JsonElement[] points = [.. document.GetProperty("points").EnumerateArray()];
        HashSet<(string File, string Method)> missed = [.. points.Where(point => !point.GetProperty("is_reached").GetBoolean()).Select(Key)];
        (string File, string Method)[] listed = [.. Listed()];

        Assert.Equal(document.GetProperty("count").GetInt32(), points.Length);
        Assert.True(points.Length - points.Count(point => !point.GetProperty("is_reached").GetBoolean()) >= 200, "Races reach the greater part.");
        Assert.Equal(listed.Length, listed.Distinct().Count());
        Assert.Equal([], missed.Except(listed));
        Assert.Equal([], listed.Except(missed));
    }

    private static (string File, string Method) Key(JsonElement point) =>
        (point.GetProperty("file").GetString()!, point.GetProperty("method").GetString()!);

    /// <summary>The rows of the table, which all have a reason.</summary>
    private static IEnumerable<(string File, string Method)> Listed()
    {
        foreach (string line in File.ReadLines(DocumentPath()).Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            string[] cells = [.. line.Split('|', StringSplitOptions.TrimEntries)];
            Assert.True(cells[3].Length > 10, $"A reason is missing: {line}");
            yield return (cells[1].Trim('`'), cells[2].Trim('`'));
        }
    }

    private static string DocumentPath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../docs/schedule-points.md");
}
