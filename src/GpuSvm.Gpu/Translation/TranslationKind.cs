namespace GpuSvm.Gpu;

/// <summary>What a walk found.</summary>
internal enum TranslationKind : byte
{
    /// <summary>No translation: a fault of the type that goes with it.</summary>
    Fault,

    /// <summary>A page of system memory, or of the GPU's own.</summary>
    Page,

    /// <summary>A sparse page: loads read zero, stores are dropped.</summary>
    Sparse,

    /// <summary>A page of memory that this GPU does not reach.</summary>
    UnsupportedAperture,
}
