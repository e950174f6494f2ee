namespace GpuSvm.Mmu.Tables;

/// <summary>A table that no entry names any more.</summary>
/// <param name="Address">Its address.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="IsZero">All of it is 0.</param>
internal readonly record struct FreedTable(ulong Address, int SizeBytes, bool IsZero);
