namespace GpuSvm.Mm;

/// <summary>Which pages of an object stand behind the pages of a mapping.</summary>
/// <param name="Memory">The object.</param>
/// <param name="Delta">Index in the object less page number (address divided by 4096), modulo 2^64: the same however it is cut.</param>
/// <remarks>Source: Linux vm_file and vm_pgoff of struct vm_area_struct.</remarks>
public readonly record struct VmaBacking(BackingObject Memory, ulong Delta)
{
    /// <summary>The backing of a mapping that begins at an address with some page of the object.</summary>
    internal static VmaBacking At(VirtualAddress start, BackingObject memory, ulong firstIndex = 0) =>
        new(memory, unchecked(firstIndex - (start.Value >> Page.Shift)));

    /// <summary>The object's page that stands behind the page of an address of the mapping.</summary>
    public ulong IndexOf(VirtualAddress address) => unchecked((address.Value >> Page.Shift) + Delta);

    /// <summary>The same pages for a mapping that is moved from one address to another.</summary>
    internal VmaBacking Moved(VirtualAddress from, VirtualAddress to) => At(to, Memory, IndexOf(from));
}
