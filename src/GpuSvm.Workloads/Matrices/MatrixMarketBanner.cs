using System.Text;

namespace GpuSvm.Workloads;

/// <summary>The first line of a Matrix Market file.</summary>
internal static class MatrixMarketBanner
{
    private const string Whole = "'%%MatrixMarket matrix coordinate real|integer|pattern general|symmetric'";

    /// <summary>Reads it.</summary>
    /// <exception cref="MatrixMarketException">It is of another format.</exception>
    public static (MatrixField Field, MatrixSymmetry Symmetry) Read(LineReader lines)
    {
        _ = lines.TryRead(out ReadOnlySpan<byte> line);
        line = line.Trim(" \t\r"u8);
        string[] words = lines.IsCut ? [] : Encoding.UTF8.GetString(line).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words is not [string banner, string kind, string format, string field, string symmetry] || !Is(banner, "%%MatrixMarket"))
        {
            throw Wrong(line, Whole);
        }

        return !Is(kind, "matrix") ? throw Wrong(kind, "matrix") :
            !Is(format, "coordinate") ? throw Wrong(format, "coordinate") :
            (FieldOf(field), SymmetryOf(symmetry));
    }

    private static MatrixField FieldOf(string word) =>
        Is(word, "real") ? MatrixField.Real :
        Is(word, "integer") ? MatrixField.Integer :
        Is(word, "pattern") ? MatrixField.Pattern :
        throw Wrong(word, "real, integer or pattern");

    private static MatrixSymmetry SymmetryOf(string word) =>
        Is(word, "general") ? MatrixSymmetry.General :
        Is(word, "symmetric") ? MatrixSymmetry.Symmetric :
        throw Wrong(word, "general or symmetric");

    private static bool Is(string word, string expected) => string.Equals(word, expected, StringComparison.OrdinalIgnoreCase);

    private static MatrixMarketException Wrong(string word, string expected) => Wrong(Encoding.UTF8.GetBytes(word), expected);

    private static MatrixMarketException Wrong(ReadOnlySpan<byte> text, string expected) =>
        new(1, $"'{QuotedText.Of(text)}': expected {expected}");
}
