namespace GpuSvm.Mmu;

/// <summary>A piece of an address space as a dump shows it.</summary>
/// <param name="Start">First address.</param>
/// <param name="Size">Number of bytes.</param>
/// <param name="Flags">Its state.</param>
/// <param name="Page">Number of the page type that it was allocated for; -1 for any.</param>
/// <param name="Referenced">Number of the page type whose tables it holds references of; -1 for none.</param>
/// <param name="Memory">The memory that is mapped; null for none, or for pages mapped by pfn.</param>
public readonly record struct GpuAreaInfo(
    ulong Start, ulong Size, GpuAreaFlags Flags, int Page, int Referenced, GpuMemoryObject? Memory);
