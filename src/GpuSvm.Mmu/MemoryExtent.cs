namespace GpuSvm.Mmu;

/// <summary>Contiguous memory.</summary>
/// <param name="Address">Byte address, a multiple of 4096.</param>
/// <param name="Size">Number of bytes, a multiple of 4096 and not 0.</param>
public readonly record struct MemoryExtent(ulong Address, ulong Size);
