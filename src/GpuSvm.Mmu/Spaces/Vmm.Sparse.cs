using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Sparse areas, in blocks as large as possible.</content>
internal sealed partial class Vmm<TFormat>
{
    private Errno TryMakeSparse(ulong start, ulong end)
    {
        // The last block would be smaller than any page, or the format knows nothing sparse.
        PageType smallest = TFormat.PageType(TableTree<TFormat>.SmallestType);
        if (!smallest.IsAligned(end - start) || !smallest.Can(PageTypeUses.Sparse))
        {
            return Errno.EINVAL;
        }

        for (ulong at = start; at < end;)
        {
            ulong next = NextSparseBlock(at, end, out int type);
            if (!_tree.TryReferenceSparse(TableTree<TFormat>.SlotOf(type), at, next))
            {
                ReleaseSparse(start, at);
                return Errno.ENOMEM;
            }

            at = next;
        }

        return Errno.None;
    }

    private void ReleaseSparse(ulong start, ulong end)
    {
        for (ulong at = start; at < end;)
        {
            ulong next = NextSparseBlock(at, end, out int type);
            _tree.ReleaseSparse(TableTree<TFormat>.SlotOf(type), at, next);
            at = next;
        }
    }

    /// <summary>The end of the next run of blocks of one size: the largest that the address and the rest of the range allow.</summary>
    /// <remarks>
    /// A rest that is a prefix of a range is cut as the whole range is, so that what was begun can be undone.
    /// Source: nvkm_vmm_ptes_sparse.
    /// </remarks>
    private ulong NextSparseBlock(ulong start, ulong end, out int type)
    {
        ulong size = end - start;
        ulong smallest = TableTree<TFormat>.SlotOf(TableTree<TFormat>.SmallestType).Size;
        ulong sizes = PageSizes<TFormat>.UpTo(size, _isBooted ? smallest : PageSizes<TFormat>.Sparse);
        type = PageSizes<TFormat>.LargestOf(PageSizes<TFormat>.Dividing(start, sizes));
        if (type != PageSizes<TFormat>.LargestOf(sizes))
        {
            // As far as to where a larger block can begin, if one fits behind.
            ulong larger = TableTree<TFormat>.SlotOf(type - 1).Size;
            ulong part = (larger - (start & (larger - 1))) & (larger - 1);
            size = part != 0 && size - part >= larger ? part : size;
        }

        return start + TableTree<TFormat>.SlotOf(type).AlignDown(size);
    }
}
