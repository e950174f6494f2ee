namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>The random numbers of the loops, the same in any implementation: xorshift64*.</summary>
/// <param name="seed">Not 0.</param>
/// <remarks>Source: S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016.</remarks>
internal struct LoopRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next number, of 64 bits.</summary>
    public ulong Next()
    {
        _state ^= _state >> 12;
        _state = unchecked(_state ^ (_state << 25));
        _state ^= _state >> 27;
        return unchecked(_state * 0x2545_f491_4f6c_dd1d);
    }

    /// <summary>The next number below a limit: its remainder.</summary>
    public ulong Next(ulong limit) => Next() % limit;
}
