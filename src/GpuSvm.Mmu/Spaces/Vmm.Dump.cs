using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

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
                vma.Start, vma.Size, FlagsOf(vma), vma.Page, vma.Referenced, vma.Memory));
        }

        new TableDump<TFormat>(_memory, visitor).Show(Root);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<CheckFinding> Check()
    {
        using RankedLock.Scope scope = Enter();
        var check = new SpaceCheck<TFormat>(_memory, _tree, Root);
        for (GpuVma? vma = _areas.First; vma is not null; vma = vma.Next)
        {
            if (vma.Referenced != GpuVma.None)
            {
                check.Expect(TableTree<TFormat>.SlotOf(vma.Referenced), vma.Start, vma.End);
            }

            if (vma is { IsSparse: true, IsMapRef: true, IsPart: false })
            {
                ExpectSparseBlocks(check, vma.Start, EndOfParts(vma));
            }

            check.ExpectTranslation(
                vma.Start,
                vma.End,
                vma.IsMapped ? PageTableEntryKind.Page : vma.IsSparse ? PageTableEntryKind.Sparse : PageTableEntryKind.Invalid);
        }

        if (_isBooted)
        {
            check.Expect(TableTree<TFormat>.SlotOf(TableTree<TFormat>.SmallestType), BootRange.Start, BootRange.End);
        }

        check.CompareBooks();
        return check.Findings;
    }

    private void ExpectSparseBlocks(SpaceCheck<TFormat> check, ulong start, ulong end)
    {
        for (ulong at = start; at < end;)
        {
            ulong next = NextSparseBlock(at, end, out int type);
            check.Expect(TableTree<TFormat>.SlotOf(type), at, next);
            at = next;
        }
    }

    private static GpuAreaFlags FlagsOf(GpuVma vma) =>
        (vma.IsUsed ? GpuAreaFlags.Used : 0) |
        (vma.IsMapRef ? GpuAreaFlags.MapReferences : 0) |
        (vma.IsSparse ? GpuAreaFlags.Sparse : 0) |
        (vma.IsPart ? GpuAreaFlags.Part : 0) |
        (vma.IsBusy ? GpuAreaFlags.Busy : 0) |
        (vma.IsMapped ? GpuAreaFlags.Mapped : 0);
}
