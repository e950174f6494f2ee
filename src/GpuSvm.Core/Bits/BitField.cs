namespace GpuSvm.Core;

/// <summary>Bits <paramref name="high"/> down to <paramref name="low"/> of a 64-bit word, named as hardware manuals name them.</summary>
/// <param name="high">Highest bit of the field, 0 to 63.</param>
/// <param name="low">Lowest bit of the field, 0 to <paramref name="high"/>.</param>
public readonly struct BitField(int high, int low)
{
    /// <summary>Highest bit of the field.</summary>
    public int High => high;

    /// <summary>Lowest bit of the field.</summary>
    public int Low => low;

    /// <summary>Largest value that the field holds.</summary>
    public ulong MaxValue => ulong.MaxValue >> (63 - (high - low));

    /// <summary>The field's bits set in place, all others clear.</summary>
    public ulong Mask => MaxValue << low;

    /// <summary>Reads the field out of <paramref name="word"/>, shifted down to bit 0.</summary>
    public ulong Get(ulong word) => (word >> low) & MaxValue;

    /// <summary>A word that holds <paramref name="value"/> in this field and zero everywhere else.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value does not fit; the message names it and the bits.</exception>
    public ulong Put(ulong value)
    {
        if (value > MaxValue)
        {
            Reject(value);
        }

        return value << low;
    }

    /// <summary><paramref name="word"/> with this field replaced by <paramref name="value"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value does not fit.</exception>
    public ulong Set(ulong word, ulong value) => (word & ~Mask) | Put(value);

    private void Reject(ulong value) =>
        throw new ArgumentOutOfRangeException(nameof(value), $"0x{value:x}", $"The value does not fit bits {high}:{low}.");
}
