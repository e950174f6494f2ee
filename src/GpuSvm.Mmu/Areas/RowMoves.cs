using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mmu.Areas;

/// <summary>Makes room in a short row of values, and closes gaps.</summary>
/// <remarks>
/// The usual copy of a range onto itself is a call out of managed code, and costs more than moving a few hundred bytes. This one moves
/// whole vectors, and so also what lies behind the range: a row ends with <see cref="Slack"/> bytes that hold nothing, or the same
/// throughout.
/// </remarks>
internal static class RowMoves
{
    /// <summary>Number of bytes behind a row's last value that are moved along.</summary>
    public const int Slack = 64;

    /// <summary>Moves what lies in <c>[from, end)</c> up by some places.</summary>
    /// <typeparam name="T">A value of 1 to 16 bytes.</typeparam>
    /// <param name="row">The row, with its slack.</param>
    /// <param name="from">Index of the first value that moves.</param>
    /// <param name="end">Index behind the last one.</param>
    /// <param name="places">How far: 1 or 2.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Up<T>(Span<T> row, int from, int end, int places)
        where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((end * size) + Slack, row.Length * size);

        // SAFETY: vectors begin inside [from, end); a last one reaches at most 31 bytes further, and moved by two values 63: the slack.
        ref byte first = ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(row));
        int vectors = (((end - from) * size) + Vector256<byte>.Count - 1) / Vector256<byte>.Count;
        for (int at = (from * size) + ((vectors - 1) * Vector256<byte>.Count); at >= from * size; at -= Vector256<byte>.Count)
        {
            Vector256.LoadUnsafe(ref first, (nuint)at).StoreUnsafe(ref first, (nuint)(at + (places * size)));
        }
    }

    /// <summary>Moves what lies in <c>[from, end)</c> down by some places.</summary>
    /// <inheritdoc cref="Up"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Down<T>(Span<T> row, int from, int end, int places)
        where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((end * size) + Slack, row.Length * size);
        ArgumentOutOfRangeException.ThrowIfLessThan(from, places);

        // SAFETY: vectors begin inside [from, end) and are read at most 31 bytes behind it, in the slack; they move down to no less than 0.
        ref byte first = ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(row));
        for (int at = from * size; at < end * size; at += Vector256<byte>.Count)
        {
            Vector256.LoadUnsafe(ref first, (nuint)at).StoreUnsafe(ref first, (nuint)(at - (places * size)));
        }
    }
}
