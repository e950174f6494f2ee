namespace GpuSvm.Cli.Vmm.Language;

/// <summary>Reads lines of bounded length: what has no line ends, a device or a picture, does not fill the memory.</summary>
/// <param name="reader">Where the text comes from.</param>
/// <param name="longest">Number of characters that a line may have.</param>
internal sealed class LineReader(TextReader reader, int longest = 1 << 24)
{
    private char[] _buffer = new char[1 << 12];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line without its end; valid until the next call. Of a line that is too long, only its beginning.</param>
    /// <param name="isWhole">False for a line that is too long.</param>
    /// <returns>False if there is none.</returns>
    public bool TryRead(out ReadOnlySpan<char> line, out bool isWhole)
    {
        isWhole = true;
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf('\n')) < 0 && !_isAtEnd)
        {
            if (_end - _start > longest)
            {
                line = Skip();
                isWhole = false;
                return true;
            }

            Fill();
        }

        bool isLast = length < 0;
        length = isLast ? _end - _start : length;
        line = _buffer.AsSpan(_start, length);
        _start += isLast ? length : length + 1;
        return !isLast || length > 0;
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        else if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int count = reader.Read(_buffer, _end, _buffer.Length - _end);
        _end += count;
        _isAtEnd = count == 0;
    }

    /// <summary>Passes over the rest of a line.</summary>
    /// <returns>Its first characters.</returns>
    private ReadOnlySpan<char> Skip()
    {
        const int Shown = 256;
        char[] beginning = _buffer.AsSpan(_start, Shown).ToArray();
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf('\n')) < 0 && !_isAtEnd)
        {
            _start = _end = 0;
            Fill();
        }

        _start = length < 0 ? _end : _start + length + 1;
        return beginning;
    }
}
