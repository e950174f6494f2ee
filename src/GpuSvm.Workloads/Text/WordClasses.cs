using System.Globalization;
using System.Text;

namespace GpuSvm.Workloads;

/// <summary>Says of each character what it does to a word.</summary>
/// <remarks>
/// A word is a longest stretch without separators that holds at least one printable character. Source: GNU coreutils 9.1 wc.c in a UTF-8
/// locale: separators are <c>\t \n \v \f \r</c>, the Unicode space separators (no-break spaces included) and U+2060; what
/// glibc's iswprint refuses is neutral: controls, surrogates, line and paragraph separators, unassigned code points.
/// </remarks>
public static class WordClasses
{
    private const int WordJoiner = 0x2060;

    /// <summary>The class of a character.</summary>
    public static WordClass Of(Rune character) =>
        character.IsAscii ? OfAscii((byte)character.Value) :
        Rune.GetUnicodeCategory(character) switch
        {
            UnicodeCategory.SpaceSeparator => WordClass.Separator,
            UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => WordClass.Neutral,
            UnicodeCategory.OtherNotAssigned => WordClass.Neutral,
            _ => character.Value == WordJoiner ? WordClass.Separator : WordClass.Printable,
        };

    /// <summary>The class of an ASCII character.</summary>
    /// <param name="character">0 to 127.</param>
    public static WordClass OfAscii(byte character) => character switch
    {
        (>= (byte)'\t' and <= (byte)'\r') or (byte)' ' => WordClass.Separator,
        > (byte)' ' and < 0x7f => WordClass.Printable,
        _ => WordClass.Neutral,
    };
}
