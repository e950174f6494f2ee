namespace GpuSvm.Core;

/// <summary>A small random generator whose whole sequence follows from its seed, on every machine and version.</summary>
/// <remarks>
/// xorshift64* (shifts 12, 25, 27; multiplier 0x2545f4914f6cdd1d). Not for secrets. Not thread-safe.
/// Source: S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.
/// </remarks>
public sealed class SeededRandom
{
    private ulong _state;

    /// <summary>Starts the sequence of <paramref name="seed"/>; a seed of 0, which xorshift cannot leave, counts as 2^63 + 1.</summary>
    public SeededRandom(ulong seed) => _state = seed != 0 ? seed : 0x8000000000000001UL;

    /// <summary>The next 64 random bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state ^= _state >> 12;
            _state ^= _state << 25;
            _state ^= _state >> 27;
            return _state * 0x2545f4914f6cdd1dUL;
        }
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1, evenly spread.</summary>
    /// <param name="bound">One more than the largest result; at least 1.</param>
    public ulong Next(ulong bound)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        return Math.BigMul(Next(), bound, out _);
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1, evenly spread.</summary>
    /// <param name="bound">One more than the largest result; at least 1.</param>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Next((ulong)bound);
    }

    /// <summary>A generator of its own for one part of a system, so that parts don't disturb each other's sequences.</summary>
    /// <param name="stream">Number of the part.</param>
    public SeededRandom Fork(ulong stream) => new(unchecked((Next() ^ (stream * 0x9e3779b97f4a7c15UL)) | 1));

    /// <summary>Puts the items in random order (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
