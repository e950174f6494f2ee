using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mmu.Areas;

/// <summary>Orders used pieces by address.</summary>
/// <param name="Start">First address.</param>
internal readonly record struct StartKey(ulong Start) : ISortKey<StartKey>
{
    /// <inheritdoc/>
    public static bool IsLess(in StartKey left, in StartKey right) => left.Start < right.Start;

    /// <inheritdoc/>
    /// <remarks>Counts all of them: independent comparisons are sooner done than a search whose steps wait for each other.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountLess(ReadOnlySpan<StartKey> keys, in StartKey key)
    {
        ReadOnlySpan<ulong> starts = MemoryMarshal.Cast<StartKey, ulong>(keys);
        int done = 0;
        long count = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref ulong first = ref MemoryMarshal.GetReference(starts);
            var wanted = Vector256.Create(key.Start);
            Vector256<ulong> less = default;
            for (; done <= starts.Length - 4; done += 4)
            {
                // A comparison that holds is a lane of ones, which is minus one.
                less -= Vector256.LessThan(Vector256.LoadUnsafe(ref first, (nuint)done), wanted);
            }

            count = (long)Vector256.Sum(less);
        }

        for (; done < starts.Length; done++)
        {
            count += starts[done] < key.Start ? 1 : 0;
        }

        return (int)count;
    }
}
