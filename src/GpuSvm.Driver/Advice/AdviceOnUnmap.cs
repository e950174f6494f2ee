namespace GpuSvm.Driver;

/// <summary>What becomes of the advice of a range that is unmapped.</summary>
/// <remarks>Source: Linux xe_drm.h, DRM_XE_VM_BIND_FLAG_MADVISE_AUTORESET, without which xe keeps it.</remarks>
public enum AdviceOnUnmap
{
    /// <summary>It is forgotten. Who maps something else at these addresses, an allocator say, does not inherit it.</summary>
    Reset,

    /// <summary>It stays with the addresses.</summary>
    Keep,
}
