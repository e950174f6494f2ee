namespace GpuSvm.Mmu;

/// <summary>Is shown the whole state of an address space: its pieces, then the tables from the root's entries down to pages.</summary>
/// <remarks>
/// Entries that are 0 are not shown; equal neighbours in one table are shown as one run. Each level is shown in the order of addresses.
/// Locking: called under the address space's lock; must not call back.
/// </remarks>
public interface IAddressSpaceVisitor
{
    /// <summary>A piece of the address space; free ones too, in the order of addresses.</summary>
    void VisitArea(in GpuAreaInfo area);

    /// <summary>A run of equal directory entries.</summary>
    /// <param name="level">Distance from the page tables: the format's last depth for the root, 1 for dual directories.</param>
    /// <param name="address">First address that the run covers.</param>
    /// <param name="count">Number of entries.</param>
    /// <param name="low">The entries' first word.</param>
    /// <param name="high">The second word of an entry of 16 bytes, else 0.</param>
    void VisitDirectory(int level, VirtualAddress address, int count, ulong low, ulong high);

    /// <summary>A run of equal entries of a page table.</summary>
    /// <param name="table">Large ones are all shown before the small ones.</param>
    /// <param name="address">First address that the run covers.</param>
    /// <param name="count">Number of entries.</param>
    /// <param name="word">The entries' word.</param>
    void VisitPages(PageTableSize table, VirtualAddress address, int count, ulong word);
}
