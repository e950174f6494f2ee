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
    /// <remarks>
    /// <para>
    /// What the device promises in return: it caches no invalid entry of any level, so an entry that becomes valid needs no call. It does
    /// cache directory entries and pages, sparse ones too. A cached entry is dropped when any part of what it covers lies in
    /// <paramref name="range"/>. An access for which a cached page lacks a right walks again before it faults.
    /// </para>
    /// <para>Locking: takes device locks only; the caller may hold anything of a lower rank.</para>
    /// </remarks>
    void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth);
}
