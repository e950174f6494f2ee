namespace GpuSvm.Mmu;

/// <summary>Where a walk stands: one directory, or the two page tables that share a dual directory entry.</summary>
/// <param name="Table">Byte address of the directory or of the small page table; 0 if there is none.</param>
/// <param name="LargeTable">Byte address of the large page table; 0 if there is none, and always for a directory.</param>
public readonly record struct TablePair(ulong Table, ulong LargeTable = 0);
