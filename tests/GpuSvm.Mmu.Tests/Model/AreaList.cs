namespace GpuSvm.Mmu.Tests.Model;

/// <summary>The areas of a dump; pieces in which pages of one size are mapped by pfn are joined, however they came together.</summary>
internal sealed class AreaList : IAddressSpaceVisitor
{
    public List<GpuAreaInfo> Areas { get; } = [];

    public void VisitArea(in GpuAreaInfo area)
    {
        if ((area.Flags & GpuAreaFlags.Part) != 0 && IsByPfn(area) && IsByPfn(Areas[^1]) && Areas[^1].Referenced == area.Referenced)
        {
            Areas[^1] = Areas[^1] with { Size = Areas[^1].Size + area.Size };
        }
        else
        {
            Areas.Add(area);
        }
    }

    public void VisitDirectory(int level, VirtualAddress address, int count, ulong low, ulong high)
    {
    }

    public void VisitPages(PageTableSize table, VirtualAddress address, int count, ulong word)
    {
    }

    private static bool IsByPfn(in GpuAreaInfo area) => (area.Flags & GpuAreaFlags.Mapped) != 0 && area.Memory is null;
}
