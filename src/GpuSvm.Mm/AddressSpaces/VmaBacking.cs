namespace GpuSvm.Mm;

/// <summary>Which frames stand behind the pages of a mapping.</summary>
/// <param name="Memory">The object whose frames they are.</param>
/// <param name="Delta">Frame number less page number (address divided by 4096), modulo 2^64: the same however the mapping is cut.</param>
/// <remarks>Source: Linux vm_file and vm_pgoff of struct vm_area_struct.</remarks>
public readonly record struct VmaBacking(MemoryObject Memory, ulong Delta)
{
    /// <summary>The backing of a mapping that begins at an address with the object's first page.</summary>
    internal static VmaBacking At(VirtualAddress start, MemoryObject memory) =>
        new(memory, unchecked(memory.FirstFrame.Value - (start.Value >> Page.Shift)));

    /// <summary>The frame of the page that holds an address of the mapping.</summary>
    public FrameNumber FrameOf(VirtualAddress address) => new(unchecked((address.Value >> Page.Shift) + Delta));
}
