using System.Text.RegularExpressions;
using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Sources;

/// <summary>Words that threads share without a lock are reached past a schedule point, so that an explorer can switch threads there.</summary>
public sealed partial class SharedWordTests
{
    /// <summary>Files that may reach shared words in another way, and why.</summary>
    private static readonly Dictionary<string, string> Exceptions = new(StringComparer.Ordinal)
    {
        ["src/GpuSvm.Mm/Frames/PageLocks.cs"] = "A lock itself: its points are those of a lock, before it is taken and after it is released.",
    };

    [Fact]
    public void A_shared_word_is_reached_past_a_schedule_point()
    {
        SourceFile[] files =
            [.. SourceFile.Below("src").Where(file => !file.Path.StartsWith("src/GpuSvm.Core/", StringComparison.Ordinal))];
        Rule.Holds(
            "Outside Core a word that threads share without a lock is read and changed by SharedWord; or SchedulePoint.Reach stands on the line before.",
            files.Where(file => !Exceptions.ContainsKey(file.Path)).SelectMany(Bare));
        Assert.All(Exceptions.Keys, path => Assert.NotEmpty(Bare(files.Single(file => file.Path == path))));
    }

    [Theory]
    [InlineData("int X => Volatile.Read(ref _x);")]
    [InlineData("SchedulePoint.Reach(SchedulePointKind.Word);\nF();\nVolatile.Write(ref _x, 1);")]
    [InlineData("Interlocked.Increment(ref _x);")]
    [InlineData("private volatile bool _x;")]
    [InlineData("private static volatile A<B>? s_x;")]
    public void A_word_without_a_point_is_found(string code) => Assert.Single(Bare(new SourceFile("A.cs", code)));

    [Theory]
    [InlineData("int X => SharedWord.Read(ref _x);")]
    [InlineData("SchedulePoint.Reach(SchedulePointKind.Word);\nint x = Volatile.Read(ref _x);")]
    [InlineData("// Volatile.Read(ref _x): volatile bool")]
    [InlineData("Interlocked.MemoryBarrier();")]
    public void A_word_with_a_point_passes(string code) => Assert.Empty(Bare(new SourceFile("A.cs", code)));

    /// <summary>Where a word is reached without a point; a barrier reaches none.</summary>
    private static IEnumerable<string> Bare(SourceFile file)
    {
        string[] lines = file.Code.Split('\n');
        return from line in Enumerable.Range(0, lines.Length)
               where Access().IsMatch(lines[line])
               where line == 0 || !lines[line - 1].Contains("SchedulePoint.Reach(", StringComparison.Ordinal)
               select $"{file.Path}:{line + 1}";
    }

    [GeneratedRegex(@"\bVolatile\.|\bInterlocked\.(?!MemoryBarrier\()|\bvolatile\s+\w", RegexOptions.None, 5000)]
    private static partial Regex Access();
}
