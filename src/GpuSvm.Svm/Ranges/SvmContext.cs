namespace GpuSvm.Svm;

/// <summary>What a call of an <see cref="SvmSpace"/> is for; <c>default</c> is a write that lets pages be where they are.</summary>
/// <remarks>
/// The context "in a notifier" is a method of its own: <see cref="SvmSpace.UnmapPagesLocked"/>. Source: Linux struct drm_gpusvm_ctx.
/// </remarks>
public readonly record struct SvmContext
{
    /// <summary>The pages are only read: a mapping without the right to write will do, and they are not faulted in for writing.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>A range that is made may be moved to the device's memory, if its mapping allows that.</summary>
    public bool IsDeviceMemoryPossible { get; init; }

    /// <summary>Pages in system memory are refused (EFAULT).</summary>
    public bool IsDeviceMemoryOnly { get; init; }

    /// <summary>Whether the pages of one range may lie in different places.</summary>
    public SvmPlacement Placement { get; init; }

    /// <summary>Chunks of more than a page and up to so many bytes are taken only where the CPU has every page; 0 for all.</summary>
    public ulong CheckPagesThreshold { get; init; }

    /// <summary>What the device is to be allowed.</summary>
    public Protection Rights => IsReadOnly ? Protection.Read : Protection.ReadWrite;
}
