namespace GpuSvm.Svm;

/// <summary>When what was evicted had been used last: a table of fixed size, in which a later entry may take an earlier one's place.</summary>
/// <remarks>Who is forgotten counts as new: it costs a choice that is not the best, and nothing else.</remarks>
internal sealed class EvictedUses
{
    private const int Size = 1 << 14;
    private ulong[] _addresses = [];
    private long[] _uses = [];

    /// <summary>Notes when the pages from an address on were used last.</summary>
    public void Note(VirtualAddress start, long use)
    {
        if (_addresses.Length == 0)
        {
            // Only memory that was ever short needs it.
            _addresses = new ulong[Size];
            _uses = new long[Size];
        }

        int place = PlaceOf(start);
        _addresses[place] = start.Value;
        _uses[place] = use;
    }

    /// <summary>When the pages from an address on had been used last before they were evicted; 0 if that is not known.</summary>
    public long LastUse(VirtualAddress start)
    {
        int place = PlaceOf(start);
        return _addresses.Length > 0 && _addresses[place] == start.Value ? _uses[place] : 0;
    }

    private static int PlaceOf(VirtualAddress start)
    {
        unchecked
        {
            // Fibonacci hashing: neighbouring pages lie far from each other. D. Knuth, The Art of Computer Programming, volume 3, 6.4.
            return (int)(((start.Value >> Page.Shift) * 0x9E37_79B9_7F4A_7C15) >> (64 - 14));
        }
    }
}
