namespace GpuSvm.Mm;

/// <summary>A mapping: consecutive pages of memory with one protection.</summary>
/// <param name="Range">Its addresses: page-aligned, not empty.</param>
/// <param name="Protection">What the program may do there.</param>
/// <param name="Backing">Which object's pages stand behind its pages; null for anonymous private memory.</param>
/// <param name="Flags">What it is, and what it was advised.</param>
/// <remarks>
/// Never changed: a change replaces it. Neighbours that differ in nothing but their range are one. Source: Linux struct vm_area_struct.
/// </remarks>
public sealed record Vma(
    AddressRange Range, Protection Protection, VmaBacking? Backing = null, VmaFlags Flags = VmaFlags.None)
{
    /// <summary>True if others who map the same object see what is written here.</summary>
    public bool IsShared => (Flags & VmaFlags.Shared) != 0;

    /// <summary>True if nobody counts the frames of the mapping; see <see cref="VmaFlags.Special"/>.</summary>
    public bool IsSpecial => (Flags & VmaFlags.Special) != 0;

    /// <summary>True for anonymous private memory.</summary>
    public bool IsAnonymous => Backing is null;

    /// <summary>True if its pages may live in a device's memory: private memory, and a memory object's, but not what is cached of a file.</summary>
    public bool MayLiveOnDevice => Backing is null or { Memory: MemoryObject };

    /// <summary>False if a device may use the pages in its own memory only: those that are read, taken and given as whole pages.</summary>
    public bool IsAliasable => Backing is not { Memory: MemoryObject { Reach: MemoryReach.WholePages } };

    /// <summary>True if the program may do this: whoever may write may also read.</summary>
    public bool Allows(CpuAccess access) =>
        access == CpuAccess.Write ? (Protection & Protection.Write) != 0 : Protection != Protection.None;

    /// <summary>Most that an entry of the page table may grant.</summary>
    public Protection EntryRights => (Protection & Protection.Write) != 0 ? Protection.ReadWrite : Protection;

    /// <summary>False if no protection may ever let the program write: a shared mapping of what cannot be written (VM_MAYWRITE).</summary>
    internal bool MayWrite => !IsShared || Backing is not { Memory.IsWritable: false };

    /// <summary>True if the next mapping goes on where this one ends and differs in nothing but the range.</summary>
    internal bool JoinsWith(Vma next) =>
        Range.End == next.Range.Start && Protection == next.Protection && Flags == next.Flags && Backing == next.Backing;
}
