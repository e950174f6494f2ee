namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>Fermi: an invalid large entry always has the small page table asked, and nothing is sparse.</summary>
/// <remarks>Source: Linux 7.0 nouveau vmmgf100.c.</remarks>
public readonly struct Gf100Generation : IGf100Generation
{
    /// <inheritdoc/>
    public static string Name => "gf100";

    /// <inheritdoc/>
    public static bool HasNoSmallPages => false;

    /// <inheritdoc/>
    public static bool HasSparse => false;
}
