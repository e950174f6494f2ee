using System.Buffers;

namespace GpuSvm.Svm;

/// <content>What becomes of ranges that no longer fit the CPU's mappings.</content>
public sealed partial class SvmSpace
{
    /// <summary>True if a range goes as a whole when a part of it is unmapped.</summary>
    internal bool DropsCutRanges => _options.PartialUnmap == PartialUnmap.DropRange;

    /// <summary>
    /// Garbage collection of a range of which the CPU has unmapped something: what is left is mapped by ranges of its own from then on.
    /// </summary>
    /// <param name="range">A range that was marked (<see cref="SvmRange.SetUnmapped"/>).</param>
    /// <returns>False if it was removed already; then nothing was done.</returns>
    /// <remarks>
    /// <para>
    /// The range is replaced by the largest aligned chunks that lie in what is still mapped and hold mapped pages. These take its blocks as
    /// they are: DMA mappings and the device's entries stay, and no page of them faults. A range of which nothing is left goes, and with
    /// <see cref="PartialUnmap.DropRange"/> any. A block that finds no chunk, or no memory for one, is dropped and may fault again. Where
    /// what was unmapped is mapped again as one with the rest, the range stays as it is.
    /// </para>
    /// <para>
    /// A range that is not marked is left alone, unless it crosses the end of a mapping. Locking: takes the mmap lock shared; no lock from
    /// that on is held; never from a callback. Source: Linux __driver_garbage_collector, which removes the range.
    /// </para>
    /// </remarks>
    public bool Collect(SvmRange range)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        using (Mm.MmapLock.EnterShared())
        {
            return Fit(range, _options.Window);
        }
    }

    /// <summary>Sees to it that no range crosses the end of a mapping or of some bounds where this one lies. Mmap lock held shared.</summary>
    /// <returns>False if it was removed already.</returns>
    private bool Fit(SvmRange range, AddressRange bounds)
    {
        if (DropsCutRanges)
        {
            return Remove(range);
        }

        if (Mm.NextVma(range.Range.Start) is { } vma && vma.Range.Intersect(bounds).Contains(range.Range) && TryKeep(range))
        {
            return true;
        }

        List<SvmRange> pieces = MakePieces(range, bounds, out MappedBlock[] old);
        bool isReplaced = Replace(range, pieces, old);
        pieces.ForEach(piece => piece.Put());
        return isReplaced;
    }

    /// <summary>Forgets that a part of a range was unmapped; if all of it was it goes none the less.</summary>
    private bool TryKeep(SvmRange range)
    {
        using (NotifierLock.Enter())
        {
            bool isKept = !range.IsGone;
            if (isKept)
            {
                range.ClearUnmapped();
            }

            return isKept;
        }
    }

    /// <summary>Makes ranges for what is left of a range, whose pages are told for a break; nobody knows them yet.</summary>
    private List<SvmRange> MakePieces(SvmRange range, AddressRange bounds, out MappedBlock[] old)
    {
        MappedBlock[] blocks = ArrayPool<MappedBlock>.Shared.Rent(range.PageCount);
        List<SvmRange> pieces = [];
        try
        {
            ReadOnlySpan<MappedBlock> left = blocks.AsSpan(0, CopyBlocks(range, blocks));
            old = Breaks.OldBlocksHandedOver ? left.ToArray() : [];
            for (VirtualAddress at = range.Range.Start; TryNextPart(at, range.Range, bounds, out AddressRange part); at = part.End)
            {
                MakePieces(range, part, ref left, pieces);
            }
        }
        finally
        {
            ArrayPool<MappedBlock>.Shared.Return(blocks);
        }

        return pieces;
    }

    private int CopyBlocks(SvmRange range, Span<MappedBlock> target)
    {
        using (NotifierLock.Enter())
        {
            range.Blocks.CopyTo(target);
            return range.Blocks.Length;
        }
    }

    /// <summary>The next part of a range that lies in one mapping, and on one side of each end of some bounds.</summary>
    private bool TryNextPart(VirtualAddress from, AddressRange range, AddressRange bounds, out AddressRange part)
    {
        part = default;
        if (from >= range.End || Mm.NextVma(from) is not { } vma || vma.Range.Start >= range.End)
        {
            return false;
        }

        part = vma.Range.Intersect(new AddressRange(from, range.End));
        VirtualAddress cut =
            bounds.Start > part.Start && bounds.Start < part.End ? bounds.Start :
            bounds.End > part.Start && bounds.End < part.End ? bounds.End : part.End;
        part = new AddressRange(part.Start, cut);
        return true;
    }

    /// <summary>Makes ranges for the largest aligned chunks of a part that hold a block; takes off the blocks that begin in the part.</summary>
    private void MakePieces(SvmRange range, AddressRange part, ref ReadOnlySpan<MappedBlock> left, List<SvmRange> pieces)
    {
        ulong size;
        for (ulong at = part.Start; at < part.End; at += size)
        {
            size = ChunkAt(at, part.End);
            AddressRange chunk = AddressRange.FromLength(at, size);
            int count = 0;
            for (; left.Length > 0 && AddressesOf(range, left[0]) is { } pages && pages.Start < chunk.End; left = left[1..])
            {
                count += chunk.Contains(pages) ? 1 : 0;
            }

            if (count > 0 && TryMake(range.Notifier, chunk, range.MayMigrate, out SvmRange? piece) == Errno.None)
            {
                piece!.Reserve(count);
                pieces.Add(piece);
            }
        }
    }

    /// <summary>Size of the largest chunk that begins at an address and ends in time.</summary>
    private ulong ChunkAt(ulong address, ulong end)
    {
        foreach (ulong size in _chunkSizes)
        {
            if ((address & (size - 1)) == 0 && size <= end - address)
            {
                return size;
            }
        }

        return Page.Size;
    }

    /// <summary>Removes a range, and enters those of some others that can take a block of it: they are taken off the list.</summary>
    /// <returns>False if it was removed already.</returns>
    private bool Replace(SvmRange range, List<SvmRange> pieces, MappedBlock[] old)
    {
        using (NotifierLock.Enter())
        {
            if (range.IsRemoved && !Breaks.RemovedRangeReplaced)
            {
                return false;
            }

            HandOver(range, pieces, old);
            RemoveLocked(range);
            pieces.FindAll(piece => piece.HasMapping).ForEach(EnterLocked);
            pieces.RemoveAll(piece => piece.HasMapping);
            RemoveIfUnused(range.Notifier);
        }

        range.Put();
        return true;
    }

    /// <summary>Gives each block to the one of some ranges that holds it, and drops those that lie in none.</summary>
    private void HandOver(SvmRange range, List<SvmRange> pieces, MappedBlock[] old)
    {
        ReadOnlySpan<MappedBlock> blocks = Breaks.OldBlocksHandedOver ? old : range.Blocks;
        int next = 0;

        // The first of the blocks that no range has taken and that are still to be dropped, and the address behind those before.
        int left = 0;
        VirtualAddress from = range.Range.Start;
        for (int i = 0; i < blocks.Length; i++)
        {
            AddressRange pages = AddressesOf(range, blocks[i]);
            while (next < pieces.Count && pieces[next].Range.End <= pages.Start)
            {
                next++;
            }

            if (next < pieces.Count && pieces[next].Range.Contains(pages) && pieces[next].TryAdopt(blocks[i], pages))
            {
                Drop(range, blocks[left..i], new AddressRange(from, pages.Start));
                left = i + 1;
                from = pages.End;
            }
        }

        Drop(range, blocks[left..], new AddressRange(from, range.Range.End));
        range.Forget();
        range.HasLooseEntries = false;
    }

    /// <summary>Drops what no other range has taken.</summary>
    private void Drop(SvmRange range, ReadOnlySpan<MappedBlock> blocks, AddressRange gap)
    {
        if (range.HasLooseEntries ? gap.IsEmpty : blocks.IsEmpty)
        {
            return;
        }

        Operations.DropEntries(range, range.HasLooseEntries ? gap : range.AddressesOf(blocks[0].FirstPage, blocks[^1].EndPage));
        foreach (ref readonly MappedBlock block in blocks)
        {
            SvmRange.Unmap(block, _dma);
        }
    }

    private static AddressRange AddressesOf(SvmRange range, in MappedBlock block) => range.AddressesOf(block.FirstPage, block.EndPage);
}
