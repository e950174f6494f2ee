namespace GpuSvm.Mm;

/// <summary>A mapping: consecutive pages of memory with one protection.</summary>
/// <param name="Range">Its addresses: page-aligned, not empty.</param>
/// <param name="Protection">What the program may do there.</param>
/// <param name="Backing">Which object's frames stand behind its pages; null for anonymous private memory.</param>
/// <remarks>Never changed: a change replaces it. Source: Linux struct vm_area_struct.</remarks>
public sealed record Vma(AddressRange Range, Protection Protection, VmaBacking? Backing = null)
{
    /// <summary>True if the program may do this: whoever may write may also read.</summary>
    public bool Allows(CpuAccess access) =>
        access == CpuAccess.Write ? (Protection & Protection.Write) != 0 : Protection != Protection.None;

    /// <summary>Most that an entry of the page table may grant.</summary>
    public Protection EntryRights => (Protection & Protection.Write) != 0 ? Protection.ReadWrite : Protection;
}
