namespace GpuSvm.Mmu;

/// <summary>Where a page lies.</summary>
/// <param name="Aperture">Which memory.</param>
/// <param name="Address">Byte address in it; for system memory the address that the device puts on the bus.</param>
/// <param name="Peer">Number of the peer whose memory it is; 0 for other memory.</param>
public readonly record struct PageTarget(Aperture Aperture, ulong Address, int Peer = 0)
{
    /// <summary>True if the page lies in system memory, reached through an <see cref="IDmaMapper"/>.</summary>
    public bool IsSystemMemory => Aperture >= Aperture.SystemCoherent;
}
