namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>Kepler and the first Maxwell: a large entry can say that there are no small pages.</summary>
/// <remarks>Source: Linux 7.0 nouveau vmmgk104.c.</remarks>
public readonly struct Gk104Generation : IGf100Generation
{
    /// <inheritdoc/>
    public static string Name => "gk104";

    /// <inheritdoc/>
    public static bool HasNoSmallPages => true;

    /// <inheritdoc/>
    public static bool HasSparse => false;
}
