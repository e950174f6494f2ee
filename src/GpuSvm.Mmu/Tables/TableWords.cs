using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mmu.Tables;

/// <summary>Writes words that the device's walker reads at the same time, one 64-bit word at once.</summary>
/// <remarks>
/// Runs are written with vector stores, whose aligned 64-bit lanes no reader sees half of. In an explored process each word is written on
/// its own, so that a walk can come between any two.
/// </remarks>
internal static class TableWords
{
    /// <summary>Writes a word after everything that was written before.</summary>
    public static void Write(ref ulong word, ulong value)
    {
        SharedWord.Write(ref word, value);
    }

    /// <summary>Writes one value to all words.</summary>
    public static void Fill(Span<ulong> words, ulong value)
    {
        if (Exploration.Enabled)
        {
            WriteSeries(words, value, step: 0);
        }
        else
        {
            words.Fill(value);
        }
    }

    /// <summary>Writes words; those that stay as they are do not change in between.</summary>
    public static void Copy(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        int done = 0;
        if (!Exploration.Enabled && Vector256.IsHardwareAccelerated)
        {
            ref ulong source = ref MemoryMarshal.GetReference(from);
            ref ulong target = ref MemoryMarshal.GetReference(to[..from.Length]);
            for (; done <= from.Length - 4; done += 4)
            {
                Vector256.LoadUnsafe(ref source, (nuint)done).StoreUnsafe(ref target, (nuint)done);
            }
        }

        for (; done < from.Length; done++)
        {
            Write(ref to[done], from[done]);
        }
    }

    /// <summary>Writes a value, the value plus a step, and so on.</summary>
    public static void FillSeries(Span<ulong> words, ulong value, ulong step)
    {
        int done = 0;
        if (!Exploration.Enabled && Vector256.IsHardwareAccelerated)
        {
            ref ulong first = ref MemoryMarshal.GetReference(words);
            Vector256<ulong> next = Vector256.Create(value) + (Vector256.Create(0UL, 1, 2, 3) * step);
            Vector256<ulong> stride = Vector256.Create(unchecked(4 * step));
            for (; done <= words.Length - 4; done += 4)
            {
                next.StoreUnsafe(ref first, (nuint)done);
                next += stride;
            }
        }

        WriteSeries(words[done..], unchecked(value + ((ulong)done * step)), step);
    }

    /// <summary>Writes one value to the first word of each entry, and 0 to the other if there is one.</summary>
    /// <param name="words">The entries' words.</param>
    /// <param name="entryWords">Words of an entry: 1 or 2.</param>
    /// <param name="low">What the first words become.</param>
    public static void FillEntries(Span<ulong> words, int entryWords, ulong low)
    {
        if (entryWords == 1)
        {
            Fill(words, low);
            return;
        }

        int done = 0;
        if (!Exploration.Enabled && Vector256.IsHardwareAccelerated)
        {
            ref ulong first = ref MemoryMarshal.GetReference(words);
            var pair = Vector256.Create(low, 0, low, 0);
            for (; done <= words.Length - 4; done += 4)
            {
                pair.StoreUnsafe(ref first, (nuint)done);
            }
        }

        for (; done < words.Length; done += 2)
        {
            Write(ref words[done], low);
            Write(ref words[done + 1], 0);
        }
    }

    private static void WriteSeries(Span<ulong> words, ulong value, ulong step)
    {
        foreach (ref ulong word in words)
        {
            Write(ref word, value);
            value = unchecked(value + step);
        }
    }
}
