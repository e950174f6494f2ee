namespace GpuSvm.Cli.Bench.Faults;

/// <summary>Drives what a benchmark has prepared out of the caches that its core has for itself, into those that all cores share.</summary>
/// <remarks>
/// A device writes its faults to memory: none of the cores that serve them has written the entries before. A thread that fills the ring
/// itself and then serves a part of it has an advantage over its helper that no device gives it.
/// </remarks>
internal sealed class ColdCache
{
    /// <summary>Several times what a core has for itself (0.5 to 2 MiB), and less than what cores share.</summary>
    private const int Bytes = 8 << 20;

    private const int LineBytes = 64;
    private readonly byte[] _other = new byte[Bytes];

    /// <summary>Uses other memory until nothing else is left in this core's caches.</summary>
    public void Evict()
    {
        for (int at = 0; at < _other.Length; at += LineBytes)
        {
            _other[at] ^= 1;
        }
    }
}
