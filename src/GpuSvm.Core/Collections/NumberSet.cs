using System.Numerics;

namespace GpuSvm.Core;

/// <summary>A set of numbers below a limit that finds its least one in a few steps: bitmaps over bitmaps.</summary>
/// <remarks>A bit of one level says whether the word that it stands for in the level below is not empty.</remarks>
internal sealed class NumberSet
{
    private const int WordShift = 6;
    private const int BitMask = (1 << WordShift) - 1;
    private readonly ulong[][] _levels;

    /// <summary>Makes an empty set of numbers from 0 to <paramref name="limit"/> - 1.</summary>
    public NumberSet(int limit)
    {
        var levels = new List<ulong[]>();
        do
        {
            limit = ((limit - 1) >> WordShift) + 1;
            levels.Add(new ulong[limit]);
        }
        while (limit > 1);

        _levels = [.. levels];
    }

    /// <summary>How many numbers are in the set.</summary>
    public int Count { get; private set; }

    /// <summary>True if a number, below the limit, is in the set.</summary>
    public bool Contains(int number) => (_levels[0][number >> WordShift] & (1UL << (number & BitMask))) != 0;

    /// <summary>True if one of some numbers is: <paramref name="count"/>, a power of two, from a multiple of it on.</summary>
    public bool ContainsAny(int first, int count)
    {
        ulong[] words = _levels[0];
        if (count <= BitMask)
        {
            return ((words[first >> WordShift] >> (first & BitMask)) & ((1UL << count) - 1)) != 0;
        }

        return words.AsSpan(first >> WordShift, count >> WordShift).ContainsAnyExcept(0UL);
    }

    /// <summary>Adds a number that is not there.</summary>
    public void Add(int number)
    {
        Count++;
        foreach (ulong[] words in _levels)
        {
            ref ulong word = ref words[number >> WordShift];
            ulong before = word;
            word = before | (1UL << (number & BitMask));
            if (before != 0)
            {
                return;
            }

            number >>= WordShift;
        }
    }

    /// <summary>Removes a number that is there.</summary>
    public void Remove(int number)
    {
        Count--;
        foreach (ulong[] words in _levels)
        {
            ref ulong word = ref words[number >> WordShift];
            word &= ~(1UL << (number & BitMask));
            if (word != 0)
            {
                return;
            }

            number >>= WordShift;
        }
    }

    /// <summary>The least number; the set is not empty.</summary>
    public int First()
    {
        int number = 0;
        for (int level = _levels.Length - 1; level >= 0; level--)
        {
            number = (number << WordShift) + BitOperations.TrailingZeroCount(_levels[level][number]);
        }

        return number;
    }
}
