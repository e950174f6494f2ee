using System.Globalization;
using System.Text.RegularExpressions;

namespace GpuSvm.Docs.Tests.Infrastructure;

/// <summary>A document that follows each thing of an original to our code, our test and a state.</summary>
/// <param name="Finished">The last part of the plan that is finished; nothing may still wait for it or an earlier one.</param>
/// <param name="Rows">The rows of all its tables.</param>
internal sealed partial record TraceTable(int Finished, IReadOnlyList<TraceTable.Row> Rows)
{
    /// <summary>The number of parts of the plan.</summary>
    public const int Parts = 8;

    /// <summary>Reads the tables with these five columns; the third and fourth hold our member and its test, the last the state.</summary>
    public static TraceTable Read(string text, params string[] columns)
    {
        Match finished = FinishedLine().Match(text);
        Assert.True(finished.Success, "The document says 'Finished: part N' on a line of its own.");
        return new TraceTable(
            int.Parse(finished.Groups[1].Value, CultureInfo.InvariantCulture),
            [.. MarkdownTable.Rows(text, columns).Select(Row.Of)]);
    }

    /// <summary>Everything that is wrong with the rows, one sentence each.</summary>
    /// <param name="isMember">Knows our types and members.</param>
    /// <param name="isTest">Knows our tests.</param>
    public IReadOnlyList<string> Problems(Predicate<string> isMember, Predicate<string> isTest)
    {
        List<string> problems = [];
        foreach (Row row in Rows)
        {
            problems.AddRange(MarkdownTable.Names(row.Member).Where(name => !isMember(name)).Select(name => $"{row.Title}: no member {name}"));
            problems.AddRange(MarkdownTable.Names(row.Test).Where(name => !isTest(name)).Select(name => $"{row.Title}: no test {name}"));
            if (ProblemOfState(row) is { } problem)
            {
                problems.Add($"{row.Title}: {problem}");
            }
        }

        return problems;
    }

    private string? ProblemOfState(Row row)
    {
        if (row.State == "done")
        {
            return MarkdownTable.Names(row.Test).Count == 0 ? "done, but no test is named" : null;
        }

        if (PartState().Match(row.State) is { Success: true } part)
        {
            int number = int.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture);
            return number is < 1 or > Parts ? $"there is no part {number}" :
                number <= Finished ? $"waits for part {number}, which is finished" : null;
        }

        return NotNeededState().IsMatch(row.State) ? null : $"'{row.State}' is no state";
    }

    [GeneratedRegex(@"^Finished: part (\d+)\r?$", RegexOptions.Multiline)]
    private static partial Regex FinishedLine();

    [GeneratedRegex(@"^part (\d+)$")]
    private static partial Regex PartState();

    [GeneratedRegex(@"^not needed: because .{10,}$")]
    private static partial Regex NotNeededState();

    /// <summary>One row; <paramref name="Group"/> and <paramref name="Name"/> are its first two cells.</summary>
    internal sealed record Row(string Group, string Name, string Member, string Test, string State)
    {
        public string Title => $"{Group} {Name}";

        public static Row Of(string[] cells)
        {
            Assert.True(cells.Length == 5, $"A row has five cells: {string.Join(" | ", cells)}");
            return new Row(cells[0], cells[1], cells[2], cells[3], cells[4]);
        }
    }
}
