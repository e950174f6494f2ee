using System.Text.RegularExpressions;
using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Sources;

/// <summary>A C# file as text, with and without its comments and strings; it is formatted, so indentation tells the structure.</summary>
public sealed partial class SourceFile
{
    private const string SafetyMark = "// SAFETY: ";

    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text;
        Code = CommentOrString().Replace(text, match => new string('\n', match.Value.Count(c => c == '\n')));
    }

    /// <summary>Path from the root of the checkout.</summary>
    public string Path { get; }

    /// <summary>The whole text.</summary>
    public string Text { get; }

    /// <summary>The text without comments and strings; its lines have the same numbers.</summary>
    public string Code { get; }

    /// <summary>The files below a folder of the checkout.</summary>
    public static SourceFile[] Below(string folder) =>
        [.. Repository.Files(folder, "*.cs").Select(path => new SourceFile(path, Repository.Read(path)))];

    public int LineCount => Text.Count(c => c == '\n');

    /// <summary>Names of the public types that are not nested in another.</summary>
    public IEnumerable<string> PublicTypes => PublicType().Matches(Code).Select(match => match.Groups["name"].Value);

    /// <summary>Names of all types.</summary>
    public IEnumerable<string> Types => AnyType().Matches(Code).Select(match => match.Groups["name"].Value);

    /// <summary>Static fields and properties that can be written after the class is ready, or whose object can be changed.</summary>
    public IEnumerable<string> MutableStatics() =>
        from Match match in Static().Matches(Code)
        let line = match.Value
        where CanChange().IsMatch(line) || MutableObject().IsMatch(line)
        where !Code[..match.Index].TrimEnd().EndsWith("[ThreadStatic]", StringComparison.Ordinal)
        select At(LineOf(match.Index));

    /// <summary>Where a keyword or attribute stands in the code, as "path:line".</summary>
    public IEnumerable<string> Uses(string word) =>
        Regex.Matches(Code, $@"\b{word}\b", RegexOptions.None, TimeSpan.FromSeconds(5)).Select(match => At(LineOf(match.Index)));

    /// <summary>Members that hold an unsafe block, are unsafe themselves or go through a pointer, and do not say why.</summary>
    public IEnumerable<string> UnsafeWithoutReason()
    {
        string[] code = Code.Split('\n');
        string[] text = Text.Split('\n');
        int start = 0;
        for (int line = 1; line <= code.Length; line++)
        {
            if (line < code.Length && !StartsMember(text, line))
            {
                continue;
            }

            int at = Array.FindIndex(code, start, line - start, NeedsReason);
            if (at >= 0 && !text[start..line].Any(said => said.Contains(SafetyMark, StringComparison.Ordinal)))
            {
                yield return At(at + 1);
            }

            start = line;
        }
    }

    /// <summary>A member begins after an empty line, indented one step at most: deeper is a body or inside a nested type.</summary>
    private static bool StartsMember(string[] text, int line) =>
        text[line - 1].Length == 0
        && text[line].Length > 0
        && !text[line].StartsWith("     ", StringComparison.Ordinal);

    private static bool NeedsReason(string line) =>
        (UnsafeKeyword().IsMatch(line) && !TypeDeclaration().IsMatch(line)) || ThroughPointer().IsMatch(line);

    private string At(int line) => $"{Path}:{line}";

    private int LineOf(int index) => Code.AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex("""
        //[^\n]* | /\*.*?\*/ | \$*(?<q>"{3,}).*?\k<q> | (\$@|@\$|@)"([^"]|"")*" | \$?"(\\.|[^"\\\n])*" | '(\\.[^']*|[^'\\])'
        """, RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex CommentOrString();

    [GeneratedRegex(
        @"^public\s+([a-z]+\s+)*?(class|struct|interface|enum|record(\s+struct|\s+class)?|delegate\s+\S+)\s+(?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex PublicType();

    [GeneratedRegex(
        @"\b(class|struct|interface|enum|record(\s+struct|\s+class)?|delegate\s+\S+)\s+(?<name>[A-Z]\w*)",
        RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex AnyType();

    /// <summary>A static field or automatic property, up to its value: no method, expression body or type.</summary>
    [GeneratedRegex(
        @"^[ ]+([a-z]+ )*static (?!([a-z]+ )*(class|struct|record|interface) |[^\n]*\boperator\b)"
        + @"[^;={(\n]*(;|=(?!>)[^\n]*|\{[^\n]*\bget;[^\n]*)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Static();

    /// <summary>A field that is not readonly, or a property with a setter.</summary>
    [GeneratedRegex(@"\bset;|^((?!\breadonly\b|\bconst\b|\{).)*[;=]", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex CanChange();

    /// <summary>A field or property whose type is a collection that can be changed.</summary>
    [GeneratedRegex(
        @"^[^=]*\b(List|Dictionary|HashSet|Queue|Stack|SortedSet|Concurrent\w+|ConditionalWeakTable|StringBuilder)\b",
        RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex MutableObject();

    [GeneratedRegex(@"\bunsafe\b", RegexOptions.None, 5000)]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"\bunsafe\b.*\b(class|struct|interface|record)\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex TypeDeclaration();

    /// <summary>An arrow, or a star where a value is expected.</summary>
    [GeneratedRegex(@"->|([=(,!&|?:+<>-]\s*|\b(return|ref|in|is)\s+|^\s*)\*+\s*[\w(]", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex ThroughPointer();
}
