namespace GpuSvm.Workloads;

/// <summary>Cuts a stream into lines of bytes through one buffer, whatever the length of the file.</summary>
/// <remarks>A line ends with a line feed or with the stream. Of a line that does not fit the buffer only the beginning is given.</remarks>
/// <param name="stream">Where the bytes come from.</param>
/// <param name="capacity">Size of the buffer in bytes.</param>
internal sealed class LineReader(Stream stream, int capacity = LineReader.DefaultCapacity)
{
    public const int DefaultCapacity = 1 << 16;

    private readonly byte[] _buffer = new byte[capacity];
    private int _start;
    private int _end;

    /// <summary>Number of the line that was read last, from 1 on.</summary>
    public long LineNumber { get; private set; }

    /// <summary>True if the line that was read last is longer than the buffer, so that its end is missing.</summary>
    public bool IsCut { get; private set; }

    private Span<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Reads the next line, without its line feed; the bytes stay valid until the next call.</summary>
    /// <returns>False at the end of the stream.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            int length = Unread.IndexOf((byte)'\n');
            bool full = length < 0 && _end - _start == _buffer.Length;
            if (length < 0 && !full && Fill())
            {
                continue;
            }

            bool atEnd = length < 0 && !full;
            line = length < 0 ? Unread : Unread[..length];
            _start = Math.Min(_start + line.Length + 1, _end);
            if (atEnd && (line.IsEmpty || IsCut))
            {
                return false;
            }

            bool restOfCutLine = IsCut;
            IsCut = full;
            if (!restOfCutLine)
            {
                LineNumber++;
                return true;
            }
        }
    }

    /// <summary>Moves what is unread to the front and reads more; false at the end of the stream.</summary>
    private bool Fill()
    {
        Unread.CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
