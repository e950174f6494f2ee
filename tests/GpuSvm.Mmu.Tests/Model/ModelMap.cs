namespace GpuSvm.Mmu.Tests.Model;

/// <summary>Memory that is mapped.</summary>
internal sealed record ModelMap(ulong Start, ulong End, ModelObject Memory, ulong Offset, int Type, MapAttributes Attributes);
