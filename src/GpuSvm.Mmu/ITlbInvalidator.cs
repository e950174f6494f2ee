namespace GpuSvm.Mmu;

/// <summary>The part of a GPU that forgets cached translations.</summary>
public interface ITlbInvalidator
{
    /// <summary>
    /// Drops cached translations of a range, and returns when no access through an old entry can still complete.
    /// </summary>
    /// <param name="root">The address space.</param>
    /// <param name="range">Addresses whose entries changed; half-open, page-aligned.</param>
    /// <param name="depth">
    /// Depth of the highest table that changed, the root being 0: cached entries of tables at this depth and deeper are dropped, those of
    /// higher tables stay. 0 drops everything of the range; the format's last depth drops page entries only.
    /// </param>
    /// <remarks>Locking: takes device locks only; the caller may hold anything of a lower rank.</remarks>
    void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth);
}
