using System.Globalization;

namespace GpuSvm;

/// <summary>A number of bytes.</summary>
/// <param name="Bytes">The number.</param>
public readonly record struct ByteSize(ulong Bytes)
{
    private const int KiBShift = 10;
    private const int MiBShift = 20;
    private const int GiBShift = 30;

    /// <summary>A number of binary kilobytes (1024 bytes).</summary>
    /// <exception cref="OverflowException">The size passes 2^64 bytes.</exception>
    public static ByteSize KiB(ulong count) => new(checked(count * (1UL << KiBShift)));

    /// <summary>A number of binary megabytes (1024 KiB).</summary>
    /// <exception cref="OverflowException">The size passes 2^64 bytes.</exception>
    public static ByteSize MiB(ulong count) => new(checked(count * (1UL << MiBShift)));

    /// <summary>A number of binary gigabytes (1024 MiB).</summary>
    /// <exception cref="OverflowException">The size passes 2^64 bytes.</exception>
    public static ByteSize GiB(ulong count) => new(checked(count * (1UL << GiBShift)));

    /// <summary>The number of bytes.</summary>
    public static implicit operator ulong(ByteSize size) => size.Bytes;

    /// <summary>A number of bytes as a size.</summary>
    public static implicit operator ByteSize(ulong bytes) => new(bytes);

    /// <summary>Reads <c>4096</c>, <c>64K</c>, <c>2M</c>, <c>1G</c>, each also with <c>iB</c> behind the letter; factors are binary.</summary>
    /// <returns>False when the text is none of these, or passes 2^64 bytes.</returns>
    public static bool TryParse(string? text, out ByteSize size)
    {
        size = default;
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        if (digits.EndsWith("iB", StringComparison.OrdinalIgnoreCase))
        {
            digits = digits[..^2];
            if (digits.IsEmpty || char.IsAsciiDigit(digits[^1]))
            {
                return false;
            }
        }

        int shift = digits.IsEmpty ? 0 : ShiftOf(digits[^1]);
        if (shift > 0)
        {
            digits = digits[..^1];
        }

        if (!ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong count) || count > ulong.MaxValue >> shift)
        {
            return false;
        }

        size = new ByteSize(count << shift);
        return true;
    }

    /// <summary>The size with the largest unit that divides it: <c>64 KiB</c>, <c>4097 B</c>.</summary>
    public override string ToString()
    {
        (int shift, string unit) =
            Bytes == 0 ? (0, "B") :
            Bytes % (1UL << GiBShift) == 0 ? (GiBShift, "GiB") :
            Bytes % (1UL << MiBShift) == 0 ? (MiBShift, "MiB") :
            Bytes % (1UL << KiBShift) == 0 ? (KiBShift, "KiB") : (0, "B");
        return string.Create(CultureInfo.InvariantCulture, $"{Bytes >> shift} {unit}");
    }

    private static int ShiftOf(char unit) => char.ToUpperInvariant(unit) switch
    {
        'K' => KiBShift,
        'M' => MiBShift,
        'G' => GiBShift,
        _ => 0,
    };
}
