namespace GpuSvm.Driver;

/// <summary>How a process is mirrored.</summary>
public sealed record SvmClientOptions
{
    /// <summary>
    /// The window of addresses that the client manages itself: whole pages that the GPU can translate. Nothing is mirrored there, a
    /// fault in it is cancelled. Empty, the default, for none.
    /// </summary>
    /// <remarks>Source: nouveau_svm.c, struct nouveau_svmm, unmanaged.</remarks>
    public AddressRange Unmanaged { get; init; }

    /// <summary>What becomes of advice when its range is unmapped.</summary>
    /// <remarks>Forgotten unless set: kept, it would surprise whoever maps something else there. docs/hints.md.</remarks>
    public AdviceOnUnmap AdviceOnUnmap { get; init; }
}
