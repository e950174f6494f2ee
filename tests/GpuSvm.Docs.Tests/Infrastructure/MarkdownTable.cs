namespace GpuSvm.Docs.Tests.Infrastructure;

/// <summary>The rows of a document's tables that have the wanted columns.</summary>
internal static class MarkdownTable
{
    /// <summary>Reads every table of a text whose header names exactly these columns.</summary>
    /// <returns>One array of trimmed cells a row; a row with more or fewer cells than its header comes as it is.</returns>
    public static IReadOnlyList<string[]> Rows(string text, params string[] columns)
    {
        List<string[]> rows = [];
        bool inside = false;
        foreach (string line in text.Split('\n').Select(line => line.Trim()))
        {
            if (!line.StartsWith('|'))
            {
                inside = false;
                continue;
            }

            string[] cells = Cells(line);
            if (!inside)
            {
                inside = cells.SequenceEqual(columns, StringComparer.Ordinal);
            }
            else if (!cells.All(cell => cell.Length > 0 && cell.All(character => character is '-' or ':')))
            {
                rows.Add(cells);
            }
        }

        return rows;
    }

    /// <summary>The names between backticks in a cell.</summary>
    public static IReadOnlyList<string> Names(string cell) => [.. cell.Split('`').Where((_, index) => index % 2 == 1)];

    private static string[] Cells(string line) =>
        [.. line.Trim('|').Replace(@"\|", "\u0001", StringComparison.Ordinal).Split('|').Select(cell => cell.Replace('\u0001', '|').Trim())];
}
