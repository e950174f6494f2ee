namespace GpuSvm;

/// <summary>What a program says of where its memory shall live while the GPU uses it. It never changes what is read.</summary>
/// <remarks>docs/hints.md says what each does at a fault. Source: DRM_XE_VMA_ATTR_PREFERRED_LOC, KFD_IOCTL_SVM_ATTR_*, cudaMemAdvise.</remarks>
public enum MemoryAdvice : byte
{
    /// <summary>Nothing is said: the driver's own placement decides.</summary>
    None = 0,

    /// <summary>At home in the system's memory: the GPU maps it there, and what lives on the device comes home when the GPU touches it.</summary>
    PreferHost = 1,

    /// <summary>At home in the GPU's memory: the first touch of the GPU moves it there.</summary>
    PreferDevice = 2,

    /// <summary>Read by both and hardly written: the GPU reads a duplicate in its own memory, until somebody writes.</summary>
    ReadMostly = 3,

    /// <summary>Mapped wherever it lives: no touch of the GPU moves it.</summary>
    RemoteMap = 4,
}
