namespace GpuSvm.Mmu.Formats;

/// <summary>The number of a peer in a page's entry, for all formats.</summary>
internal static class PeerNumber
{
    /// <summary>Checks that a number fits its field, and that the entry is one for a peer's memory.</summary>
    /// <exception cref="ArgumentException">It does not, or is not.</exception>
    public static void Check(Aperture aperture, int peer, BitField field)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(peer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)peer, field.MaxValue, nameof(peer));
        if (aperture != Aperture.Peer)
        {
            throw new ArgumentException($"Only an entry for a peer's memory can name peer {peer}.", nameof(peer));
        }
    }
}
