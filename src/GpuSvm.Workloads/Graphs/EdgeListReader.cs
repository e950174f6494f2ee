using System.Buffers.Text;

namespace GpuSvm.Workloads;

/// <summary>Reads an edge list line by line: two integers of 64 bits on each line, blank between them.</summary>
/// <remarks>
/// Lines that begin with <c>#</c> are comments, empty lines are skipped, spaces and tabs are blanks, a carriage return before the line
/// feed is allowed. Source: the text format of SNAP, the Stanford Network Analysis Project.
/// </remarks>
/// <param name="stream">The list; read from where it stands, not closed.</param>
public sealed class EdgeListReader(Stream stream)
{
    private readonly LineReader _lines = new(stream);

    /// <summary>Reads the next edge.</summary>
    /// <returns>False at the end of the list.</returns>
    /// <exception cref="EdgeListException">A line is neither a comment nor two integers.</exception>
    public bool TryRead(out Edge edge)
    {
        while (_lines.TryRead(out ReadOnlySpan<byte> line))
        {
            ReadOnlySpan<byte> rest = line.Trim(" \t\r"u8);
            if (rest.IsEmpty || rest[0] == '#')
            {
                continue;
            }

            if (_lines.IsCut || !TryParse(rest, out edge))
            {
                throw new EdgeListException(_lines.LineNumber, $"'{QuotedText.Of(rest)}': expected two integers of 64 bits");
            }

            return true;
        }

        edge = default;
        return false;
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out Edge edge)
    {
        edge = default;
        if (!Utf8Parser.TryParse(text, out long from, out int length) || length == text.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> second = text[length..].TrimStart(" \t"u8);
        bool isBlankBetween = second.Length < text.Length - length;
        if (!isBlankBetween || !Utf8Parser.TryParse(second, out long to, out length) || length != second.Length)
        {
            return false;
        }

        edge = new Edge(from, to);
        return true;
    }
}
