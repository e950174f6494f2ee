using System.Globalization;

namespace GpuSvm.Cli.Vmm.Language;

/// <summary>Reads the words of a script's line, one after the other.</summary>
/// <param name="line">The line; from <c>#</c> on it is a comment.</param>
internal ref struct WordReader(ReadOnlySpan<char> line)
{
    // A carriage return is one too, so that files with the line ends of other systems can be read.
    private const string Blanks = " \t\r\v\f";

    private ReadOnlySpan<char> _rest = (line.IndexOf('#') is >= 0 and int comment ? line[..comment] : line).Trim(Blanks);

    /// <summary>True if no word is left.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Reads a word.</summary>
    /// <returns>False if none is left.</returns>
    public bool TryWord(out ReadOnlySpan<char> word)
    {
        int length = _rest.IndexOfAny(Blanks);
        word = length < 0 ? _rest : _rest[..length];
        _rest = _rest[word.Length..].TrimStart(Blanks);
        return !word.IsEmpty;
    }

    /// <summary>Reads a word that is a number.</summary>
    /// <returns>False if no word is left, or it is no number of 64 bits.</returns>
    public bool TryNumber(out ulong value)
    {
        value = 0;
        return TryWord(out ReadOnlySpan<char> word) && TryParse(word, out value);
    }

    /// <summary>Reads a word that is a number up to a limit.</summary>
    public bool TryNumber(ulong most, out ulong value) => TryNumber(out value) && value <= most;

    /// <summary>Reads a word that is 0 or 1.</summary>
    public bool TryFlag(out bool value)
    {
        bool isFlag = TryNumber(most: 1, out ulong number);
        value = number == 1;
        return isFlag;
    }

    /// <summary>Reads a number as scripts write it: decimal, or hexadecimal after <c>0x</c>; without a sign.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ulong value) => text.StartsWith("0x", StringComparison.Ordinal)
        ? ulong.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
