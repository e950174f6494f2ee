using GpuSvm.Mmu.Areas;

namespace GpuSvm.Mmu.Spaces;

/// <content>The state as people and checks see it.</content>
internal sealed partial class Vmm<TFormat>
{
    /// <inheritdoc/>
    public override void Dump(IAddressSpaceVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        using RankedLock.Scope scope = Enter();
        for (GpuVma? vma = _areas.First; vma is not null; vma = vma.Next)
        {
            visitor.VisitArea(new GpuAreaInfo(
                vma.Start, vma.Size, FlagsOf(vma), vma.Page, vma.Referenced, vma.Memory as GpuMemoryObject));
        }

        new TableDump<TFormat>(_memory, visitor).Show(Root);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<CheckFinding> Check()
    {
        using RankedLock.Scope scope = Enter();
        return [];
    }

    private static GpuAreaFlags FlagsOf(GpuVma vma) =>
        (vma.IsUsed ? GpuAreaFlags.Used : 0) |
        (vma.IsMapRef ? GpuAreaFlags.MapReferences : 0) |
        (vma.IsSparse ? GpuAreaFlags.Sparse : 0) |
        (vma.IsPart ? GpuAreaFlags.Part : 0) |
        (vma.IsBusy ? GpuAreaFlags.Busy : 0) |
        (vma.IsMapped ? GpuAreaFlags.Mapped : 0);
}
