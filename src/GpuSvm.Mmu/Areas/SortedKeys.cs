using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mmu.Areas;

/// <summary>Searches a short array of sorted numbers.</summary>
internal static class SortedKeys
{
    private const int Step = 16;

    /// <summary>How many of some sorted numbers are less than one.</summary>
    /// <param name="keys">The numbers; a multiple of 16 of them.</param>
    /// <param name="key">The number.</param>
    /// <remarks>Looks at all of them: independent comparisons are sooner done than a search whose steps wait for each other.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountLess(ReadOnlySpan<long> keys, long key)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            return CountLessByHalves(keys, key);
        }

        // SAFETY: each step reads 16 numbers that lie inside the span. A comparison that holds is a lane of ones, which is minus one.
        ref long first = ref MemoryMarshal.GetReference(keys);
        var wanted = Vector256.Create(key);
        Vector256<long> even = default;
        Vector256<long> odd = default;
        for (int i = 0; i <= keys.Length - Step; i += Step)
        {
            even += Vector256.LessThan(Vector256.LoadUnsafe(ref first, (nuint)i), wanted);
            odd += Vector256.LessThan(Vector256.LoadUnsafe(ref first, (nuint)i + 4), wanted);
            even += Vector256.LessThan(Vector256.LoadUnsafe(ref first, (nuint)i + 8), wanted);
            odd += Vector256.LessThan(Vector256.LoadUnsafe(ref first, (nuint)i + 12), wanted);
        }

        return -(int)Vector256.Sum(even + odd);
    }

    private static int CountLessByHalves(ReadOnlySpan<long> keys, long key)
    {
        int low = 0;
        for (int length = keys.Length; length > 0;)
        {
            int half = (length + 1) >> 1;
            low += keys[low + half - 1] < key ? half : 0;
            length -= half;
        }

        return low;
    }
}
