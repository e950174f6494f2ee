namespace GpuSvm.Mutate.Edits;

/// <summary>The mutations that a person has looked at and found to change nothing that anybody could notice: rows of docs/mutation.md.</summary>
/// <remarks>
/// A row names the mutation and repeats what stands in the code, so that it holds no longer than that code does:
/// <code>| `File/Member/swap-1` | `First(); ↔ Second();` | the reason |</code>
/// As is usual, they are not counted: there is nothing to kill. Source: R. DeMillo, R. Lipton, F. Sayward, "Hints on Test Data Selection", 1978.
/// </remarks>
public sealed class EquivalentMutations
{
    private const int ReasonLength = 10;

    private readonly Dictionary<string, string> _codeByName = [];

    private EquivalentMutations()
    {
    }

    /// <summary>Reads the rows of a document.</summary>
    /// <exception cref="FormatException">A row has no reason, or names a mutation for the second time.</exception>
    public static EquivalentMutations Read(IEnumerable<string> lines)
    {
        var read = new EquivalentMutations();
        foreach (string line in lines.Where(IsRow))
        {
            // A bar inside code is written \|, as tables want it.
            string[] cells = [.. line.Replace("\\|", "\u0001", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries)];
            if (cells.Length != 5 || cells[3].Length < ReasonLength)
            {
                throw new FormatException($"A row of equivalent mutations has a name, code and a reason: {line}");
            }

            string name = cells[1].Trim('`');
            if (!read._codeByName.TryAdd(name, cells[2].Trim('`').Replace("\u0001", "|", StringComparison.Ordinal)))
            {
                throw new FormatException($"{name} is listed twice.");
            }
        }

        return read;
    }

    /// <summary>A row whose first cell is a mutation's name: other tables of the document name no file, member and edit.</summary>
    private static bool IsRow(string line) =>
        line.StartsWith("| `", StringComparison.Ordinal) && line.Split('`')[1].Count(letter => letter == '/') == 2;

    /// <summary>True if a mutation is listed with the code that stands there now.</summary>
    public bool Contains(Mutation mutation) => _codeByName.TryGetValue(mutation.Name, out string? code) && code == mutation.Code;

    /// <summary>The names that are listed for code that is not there any more.</summary>
    public IEnumerable<string> Stale(IEnumerable<Mutation> all)
    {
        HashSet<string> live = [.. all.Where(Contains).Select(mutation => mutation.Name)];
        return _codeByName.Keys.Where(name => !live.Contains(name)).Order(StringComparer.Ordinal);
    }
}
