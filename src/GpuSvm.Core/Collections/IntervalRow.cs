using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Core;

/// <summary>What is asked of the numbers that a node of an <see cref="IntervalTree{T}"/> holds side by side: a few vectors, and no branch.</summary>
internal static class IntervalRow
{
    /// <summary>Numbers in a row, as a power of two.</summary>
    public const int WidthBits = 4;

    /// <summary>Numbers in a row: four vectors of 256 bits, two or three cache lines.</summary>
    public const int Width = 1 << WidthBits;

    private const int Lanes = 4;

    /// <summary>The numbers above <paramref name="value"/>: bit i for number i.</summary>
    public static uint Above(ReadOnlySpan<ulong> row, ulong value)
    {
        Debug.Assert(row.Length == Width, "A row has the width of a node.");
        ref ulong first = ref MemoryMarshal.GetReference(row);
        Vector256<ulong> values = Vector256.Create(value);
        uint low = Vector256.GreaterThan(Vector256.LoadUnsafe(ref first), values).ExtractMostSignificantBits();
        uint middle = Vector256.GreaterThan(Vector256.LoadUnsafe(ref first, Lanes), values).ExtractMostSignificantBits();
        uint upper = Vector256.GreaterThan(Vector256.LoadUnsafe(ref first, 2 * Lanes), values).ExtractMostSignificantBits();
        uint high = Vector256.GreaterThan(Vector256.LoadUnsafe(ref first, 3 * Lanes), values).ExtractMostSignificantBits();
        return low | (middle << Lanes) | (upper << (2 * Lanes)) | (high << (3 * Lanes));
    }

    /// <summary>How many numbers of a row that rises do not lie above <paramref name="value"/>.</summary>
    public static int CountUpTo(ReadOnlySpan<ulong> row, ulong value) => Width - BitOperations.PopCount(Above(row, value));

    /// <summary>The highest number.</summary>
    public static ulong Highest(ReadOnlySpan<ulong> row)
    {
        Debug.Assert(row.Length == Width, "A row has the width of a node.");
        ref ulong first = ref MemoryMarshal.GetReference(row);
        Vector256<ulong> lower = Vector256.Max(Vector256.LoadUnsafe(ref first), Vector256.LoadUnsafe(ref first, Lanes));
        Vector256<ulong> upper = Vector256.Max(Vector256.LoadUnsafe(ref first, 2 * Lanes), Vector256.LoadUnsafe(ref first, 3 * Lanes));
        Vector256<ulong> both = Vector256.Max(lower, upper);
        Vector128<ulong> half = Vector128.Max(both.GetLower(), both.GetUpper());
        return Math.Max(half[0], half[1]);
    }
}
