using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <summary>Atomic reads and writes of naturally aligned words of 1, 2, 4 and 8 bytes, as hardware does them.</summary>
/// <remarks>
/// The caller vouches for alignment: an address is a multiple of the word's size. Reads and writes are volatile (acquire and release), as
/// on x86; the atomic operations are full fences. Each is a schedule point. Source: Intel SDM volume 3, 8.1.1 and 8.2.
/// </remarks>
public static class AlignedWord
{
    /// <summary>True if <typeparamref name="T"/> has a size that hardware accesses at once: 1, 2, 4 or 8 bytes.</summary>
    public static bool IsSupported<T>()
        where T : unmanaged
        => Unsafe.SizeOf<T>() is 1 or 2 or 4 or 8;

    /// <summary>Reads a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ref byte at)
        where T : unmanaged
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        if (Unsafe.SizeOf<T>() == 1)
        {
            return Unsafe.BitCast<byte, T>(Volatile.Read(ref at));
        }

        if (Unsafe.SizeOf<T>() == 2)
        {
            return Unsafe.BitCast<ushort, T>(Volatile.Read(ref Unsafe.As<byte, ushort>(ref at)));
        }

        if (Unsafe.SizeOf<T>() == 4)
        {
            return Unsafe.BitCast<uint, T>(Volatile.Read(ref Unsafe.As<byte, uint>(ref at)));
        }

        return Unsafe.BitCast<ulong, T>(Volatile.Read(ref Unsafe.As<byte, ulong>(ref at)));
    }

    /// <summary>Writes a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(ref byte at, T value)
        where T : unmanaged
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        if (Unsafe.SizeOf<T>() == 1)
        {
            Volatile.Write(ref at, Unsafe.BitCast<T, byte>(value));
        }
        else if (Unsafe.SizeOf<T>() == 2)
        {
            Volatile.Write(ref Unsafe.As<byte, ushort>(ref at), Unsafe.BitCast<T, ushort>(value));
        }
        else if (Unsafe.SizeOf<T>() == 4)
        {
            Volatile.Write(ref Unsafe.As<byte, uint>(ref at), Unsafe.BitCast<T, uint>(value));
        }
        else
        {
            Volatile.Write(ref Unsafe.As<byte, ulong>(ref at), Unsafe.BitCast<T, ulong>(value));
        }
    }

    /// <summary>Writes <paramref name="value"/> if the word holds <paramref name="expected"/>; a full fence.</summary>
    /// <returns>What the word held before.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CompareExchange<T>(ref byte at, T value, T expected)
        where T : unmanaged
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        if (Unsafe.SizeOf<T>() == 1)
        {
            return Unsafe.BitCast<byte, T>(Interlocked.CompareExchange(
                ref at, Unsafe.BitCast<T, byte>(value), Unsafe.BitCast<T, byte>(expected)));
        }

        if (Unsafe.SizeOf<T>() == 2)
        {
            return Unsafe.BitCast<ushort, T>(Interlocked.CompareExchange(
                ref Unsafe.As<byte, ushort>(ref at), Unsafe.BitCast<T, ushort>(value), Unsafe.BitCast<T, ushort>(expected)));
        }

        if (Unsafe.SizeOf<T>() == 4)
        {
            return Unsafe.BitCast<uint, T>(Interlocked.CompareExchange(
                ref Unsafe.As<byte, uint>(ref at), Unsafe.BitCast<T, uint>(value), Unsafe.BitCast<T, uint>(expected)));
        }

        return Unsafe.BitCast<ulong, T>(Interlocked.CompareExchange(
            ref Unsafe.As<byte, ulong>(ref at), Unsafe.BitCast<T, ulong>(value), Unsafe.BitCast<T, ulong>(expected)));
    }
}
