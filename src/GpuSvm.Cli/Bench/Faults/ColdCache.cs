namespace GpuSvm.Cli.Bench.Faults;

/// <summary>Drives what a benchmark has prepared out of the caches that its core has for itself, into those that all cores share.</summary>
/// <remarks>
/// A device writes its faults to memory: none of the cores that serve them has written the entries before. A thread that fills the ring
/// itself and then serves a part of it has an advantage over its helper that no device gives it.
/// </remarks>
internal static class ColdCache
{
    /// <summary>Several times what a core has for itself (0.5 to 2 MiB), and less than what cores share.</summary>
    private const int Bytes = 8 << 20;

    private const int LineBytes = 64;

    /// <summary>Reads and writes other memory until nothing else is left.</summary>
    public static void Evict(byte[] other)
    {
        for (int at = 0; at < other.Length; at += LineBytes)
        {
            other[at] ^= 1;
        }
    }

    /// <summary>Memory to evict with.</summary>
    public static byte[] Make() => new byte[Bytes];
}
