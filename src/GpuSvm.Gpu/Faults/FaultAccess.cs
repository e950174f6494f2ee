namespace GpuSvm;

/// <summary>What a faulting access wanted; the numbers are those of the fault entry.</summary>
/// <remarks>Source: nouveau nouveau_svm.c, fault entry info bits 19:16.</remarks>
public enum FaultAccess : byte
{
    /// <summary>A load.</summary>
    Read = 0,

    /// <summary>A store.</summary>
    Write = 1,

    /// <summary>An atomic read-modify-write.</summary>
    Atomic = 2,

    /// <summary>A prefetch, which waits for nothing.</summary>
    Prefetch = 3,
}
