using System.Globalization;
using System.Text;

namespace GpuSvm.Workloads;

/// <summary>Text of a file as an error message shows it.</summary>
internal static class QuotedText
{
    private const int Characters = 40;

    /// <summary>The beginning of a line: printable and short.</summary>
    public static string Of(ReadOnlySpan<byte> line)
    {
        string text = Encoding.UTF8.GetString(line[..Math.Min(line.Length, 4 * Characters)]);
        var quoted = new StringBuilder();
        foreach (char character in text.AsSpan(0, Math.Min(text.Length, Characters)))
        {
            if (char.IsControl(character))
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");
            }
            else
            {
                quoted.Append(character);
            }
        }

        return quoted.Append(text.Length > Characters ? "…" : "").ToString();
    }
}
