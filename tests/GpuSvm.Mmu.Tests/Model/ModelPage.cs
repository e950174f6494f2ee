namespace GpuSvm.Mmu.Tests.Model;

/// <summary>A page that is mapped by pfn.</summary>
internal readonly record struct ModelPage(PfnEntry Pfn, int Type);
