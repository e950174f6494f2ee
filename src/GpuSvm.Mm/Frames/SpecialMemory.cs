namespace GpuSvm.Mm;

/// <summary>A run of frames that the caller names and answers for: nobody counts who uses them.</summary>
/// <remarks>Source: Linux remap_pfn_range, VM_PFNMAP.</remarks>
internal sealed class SpecialMemory(PageFrames owner, FrameNumber firstFrame, ulong pageCount) : BackingObject(pageCount)
{
    /// <inheritdoc/>
    internal override PageFrames? Owner => owner;

    /// <summary>Finds a frame; adds no reference.</summary>
    internal override Errno TryGet(ulong index, out FrameNumber frame)
    {
        frame = firstFrame + index;
        return index < PageCount ? Errno.None : Errno.EFAULT;
    }
}
