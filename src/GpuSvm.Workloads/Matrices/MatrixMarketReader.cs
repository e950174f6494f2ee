using System.Buffers.Text;
using System.Globalization;

namespace GpuSvm.Workloads;

/// <summary>Reads a sparse matrix in the coordinate format of Matrix Market, entry by entry.</summary>
/// <remarks>
/// Real, integer and pattern matrices, general and symmetric. Lines that begin with <c>%</c> are comments, empty lines are skipped, words
/// are parted by spaces and tabs, those of the first line in upper or lower case. Of a symmetric matrix the mirror images are given too.
/// Source: R. Boisvert, R. Pozo, K. Remington, "The Matrix Market exchange formats: initial design", NISTIR 5935, 1996.
/// </remarks>
public sealed class MatrixMarketReader
{
    /// <summary>Largest number of rows and of columns.</summary>
    public const int MostRows = 100_000_000;

    private const string EntryOfPattern = "a row and a column";
    private const string EntryOfValues = "a row, a column and a value";

    private readonly LineReader _lines;
    private MatrixEntry? _mirrored;
    private long _read;
    private double _size;

    /// <summary>Reads what stands before the entries.</summary>
    /// <param name="stream">The file; read from where it stands, not closed.</param>
    /// <exception cref="MatrixMarketException">It is no matrix of this format.</exception>
    public MatrixMarketReader(Stream stream)
    {
        _lines = new LineReader(stream);
        (MatrixField field, MatrixSymmetry symmetry) = MatrixMarketBanner.Read(_lines);
        Header = ReadSizes(field, symmetry);
    }

    /// <summary>What stands before the entries.</summary>
    public MatrixMarketHeader Header { get; }

    /// <summary>Reads the next entry.</summary>
    /// <returns>False at the end of the matrix.</returns>
    /// <exception cref="MatrixMarketException">A line is no entry, entries are missing, or there are too many.</exception>
    public bool TryRead(out MatrixEntry entry)
    {
        if (_mirrored is { } mirrored)
        {
            entry = mirrored;
            _mirrored = null;
            return true;
        }

        if (!TryReadLine(out ReadOnlySpan<byte> line))
        {
            entry = default;
            return _read == Header.Entries ? false : throw Missing($"{_read} entries, expected {Header.Entries}");
        }

        if (_read++ == Header.Entries)
        {
            throw Wrong(line, $"expected no more than {Header.Entries} entries");
        }

        entry = Parse(line);
        _mirrored = Header.Symmetry == MatrixSymmetry.Symmetric && entry.Row != entry.Column
            ? new MatrixEntry(entry.Column, entry.Row, entry.Value)
            : null;
        return true;
    }

    private MatrixMarketHeader ReadSizes(MatrixField field, MatrixSymmetry symmetry)
    {
        if (!TryReadLine(out ReadOnlySpan<byte> line))
        {
            throw Missing("expected the numbers of rows, columns and entries");
        }

        ReadOnlySpan<byte> rest = line;
        if (!TryTake(ref rest, out long rows)
            || !TryTake(ref rest, out long columns)
            || !TryTake(ref rest, out long entries)
            || !rest.IsEmpty)
        {
            throw Wrong(line, "expected the numbers of rows, columns and entries");
        }

        if (rows is < 1 or > MostRows || columns is < 1 or > MostRows || entries < 0)
        {
            throw Wrong(line, $"expected 1 to {MostRows} rows and columns, and no fewer than 0 entries");
        }

        return symmetry == MatrixSymmetry.General || rows == columns
            ? new MatrixMarketHeader(field, symmetry, (int)rows, (int)columns, entries)
            : throw Wrong(line, "expected as many rows as columns in a symmetric matrix");
    }

    private MatrixEntry Parse(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> rest = line;
        double value = 1;
        if (!TryTake(ref rest, out long row) || !TryTake(ref rest, out long column) || !TryTakeValue(ref rest, ref value) || !rest.IsEmpty)
        {
            throw Wrong(line, $"expected {(Header.Field == MatrixField.Pattern ? EntryOfPattern : EntryOfValues)}");
        }

        if (row < 1 || row > Header.Rows || column < 1 || column > Header.Columns)
        {
            throw Wrong(line, $"expected a row from 1 to {Header.Rows} and a column from 1 to {Header.Columns}");
        }

        if (Header.Symmetry == MatrixSymmetry.Symmetric && column > row)
        {
            throw Wrong(line, "expected no entry above the diagonal of a symmetric matrix");
        }

        // Twice for the mirror image: so no sum over the matrix overflows.
        _size += 2 * Math.Abs(value);
        return double.IsFinite(_size)
            ? new MatrixEntry((int)row - 1, (int)column - 1, value)
            : throw Wrong(line, "expected values that add up to a number of 64 bits");
    }

    private bool TryTakeValue(ref ReadOnlySpan<byte> rest, ref double value)
    {
        switch (Header.Field)
        {
            case MatrixField.Integer:
                bool isWhole = TryTake(ref rest, out long whole);
                value = whole;
                return isWhole;
            case MatrixField.Real:
                ReadOnlySpan<byte> word = TakeWord(ref rest);
                return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
            default:
                return true;
        }
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out long number)
    {
        ReadOnlySpan<byte> word = TakeWord(ref rest);
        return Utf8Parser.TryParse(word, out number, out int length) && length == word.Length;
    }

    /// <summary>Takes the first word off a line, and the blanks behind it.</summary>
    private static ReadOnlySpan<byte> TakeWord(ref ReadOnlySpan<byte> rest)
    {
        int length = rest.IndexOfAny(" \t"u8);
        ReadOnlySpan<byte> word = length < 0 ? rest : rest[..length];
        rest = rest[word.Length..].TrimStart(" \t"u8);
        return word;
    }

    /// <summary>Reads the next line that is neither empty nor a comment, without blanks at its ends.</summary>
    private bool TryReadLine(out ReadOnlySpan<byte> line)
    {
        while (_lines.TryRead(out line))
        {
            line = line.Trim(" \t\r"u8);
            if (!line.IsEmpty && line[0] != '%')
            {
                return !_lines.IsCut ? true : throw Wrong(line, "is too long");
            }
        }

        return false;
    }

    private MatrixMarketException Wrong(ReadOnlySpan<byte> line, string problem) =>
        new(_lines.LineNumber, $"'{QuotedText.Of(line)}': {problem}");

    private MatrixMarketException Missing(string problem) => new(_lines.LineNumber + 1, $"the file ends: {problem}");
}
