using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <summary>Reads and changes a word that threads share without a lock: each of these is a schedule point and then the access.</summary>
/// <remarks>
/// The layers above use no other way to such a word, so that there is none between whose uses an explorer cannot switch threads. A read
/// acquires, a write releases, all others are full fences; what the words may be is what <see cref="Volatile"/> and
/// <see cref="Interlocked"/> allow.
/// </remarks>
public static class SharedWord
{
    /// <summary>Reads a flag.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Read(ref readonly bool word)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Volatile.Read(in word);
    }

    /// <summary>Reads a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(ref readonly int word)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Volatile.Read(in word);
    }

    /// <summary>Reads a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Read(ref readonly uint word)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Volatile.Read(in word);
    }

    /// <summary>Reads a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Read(ref readonly long word)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Volatile.Read(in word);
    }

    /// <summary>Reads a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ref readonly ulong word)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Volatile.Read(in word);
    }

    /// <summary>Reads a reference; the object that it names is seen as it was when the reference was written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ref readonly T word)
        where T : class?
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Volatile.Read(in word);
    }

    /// <summary>Writes a flag.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref bool word, bool value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Volatile.Write(ref word, value);
    }

    /// <summary>Writes a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref int word, int value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Volatile.Write(ref word, value);
    }

    /// <summary>Writes a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref uint word, uint value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Volatile.Write(ref word, value);
    }

    /// <summary>Writes a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref long word, long value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Volatile.Write(ref word, value);
    }

    /// <summary>Writes a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ulong word, ulong value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Volatile.Write(ref word, value);
    }

    /// <summary>Writes a reference; who reads it sees the object as it is now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(ref T word, T value)
        where T : class?
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Volatile.Write(ref word, value);
    }

    /// <summary>Writes a word and gives what it held before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exchange<T>(ref T word, T value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Interlocked.Exchange(ref word, value);
    }

    /// <summary>Writes <paramref name="value"/> if the word holds <paramref name="expected"/>, and gives what it held before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CompareExchange<T>(ref T word, T value, T expected)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Interlocked.CompareExchange(ref word, value, expected);
    }

    /// <summary>Adds to a number and gives the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(ref int word, int value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Interlocked.Add(ref word, value);
    }

    /// <summary>Adds to a number and gives the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Add(ref long word, long value)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        return Interlocked.Add(ref word, value);
    }
}
