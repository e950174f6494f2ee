namespace GpuSvm.Gpu;

/// <summary>The outcome of a walk for the 4 KiB page of one address.</summary>
/// <param name="Kind">What was found.</param>
/// <param name="Fault">For a fault: why.</param>
/// <param name="Rights">For a page: what it allows.</param>
/// <param name="Target">For a page: device address of its first byte; for one of video memory inside <see cref="VideoMemory.WindowPage"/>.</param>
internal readonly record struct Translation(TranslationKind Kind, FaultType Fault, TranslationRights Rights, ulong Target)
{
    internal static Translation Sparse => new(TranslationKind.Sparse, default, default, 0);

    internal static Translation UnsupportedAperture => new(TranslationKind.UnsupportedAperture, default, default, 0);

    internal static Translation Missing(FaultType fault) => new(TranslationKind.Fault, fault, default, 0);

    internal static Translation Page(TranslationRights rights, ulong target) => new(TranslationKind.Page, default, rights, target);
}
