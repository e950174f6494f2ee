namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>The second Maxwell: sparse entries too.</summary>
/// <remarks>Source: Linux 7.0 nouveau vmmgm200.c.</remarks>
public readonly struct Gm200Generation : IGf100Generation
{
    /// <inheritdoc/>
    public static string Name => "gm200";

    /// <inheritdoc/>
    public static bool HasNoSmallPages => true;

    /// <inheritdoc/>
    public static bool HasSparse => true;
}
