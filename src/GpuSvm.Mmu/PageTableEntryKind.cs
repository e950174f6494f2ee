namespace GpuSvm.Mmu;

/// <summary>What one entry of a page table says, whatever its bits look like.</summary>
public enum PageTableEntryKind : byte
{
    /// <summary>Nothing is mapped: an access faults. In a large page table: ask the small one.</summary>
    Invalid = 0,

    /// <summary>Nothing is mapped, but loads read zero and stores are dropped.</summary>
    Sparse = 1,

    /// <summary>Only in a large page table: nothing is mapped, and the small page table is not asked.</summary>
    NoSmallPages = 2,

    /// <summary>The tables of the next depth.</summary>
    Table = 3,

    /// <summary>A page.</summary>
    Page = 4,
}
