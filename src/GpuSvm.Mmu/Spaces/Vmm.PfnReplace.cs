using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>A page is mapped by pfn over pages of other sizes.</content>
internal sealed partial class Vmm<TFormat>
{
    /// <summary>Maps one page where other pages lie, smaller or larger: those are taken back whole. The page is mapped, or nothing changes.</summary>
    /// <remarks>
    /// <code>
    ///      from      start      end       to
    ///   ----+----------+---------+---------+----   the pieces are cut here
    ///       | unmapped |  page   | unmapped |      what they are then
    /// </code>
    /// <c>from</c> and <c>to</c> differ from <c>start</c> and <c>end</c> where a larger page is replaced in part.
    /// </remarks>
    private Errno MapOverOthers(in PageSlot slot, GpuVma vma, ulong start, Span<PfnEntry> pfn, ReadOnlySpan<ulong> ahead)
    {
        ulong end = start + slot.Size;
        if (!TryWiden(vma, start, end, out ulong from, out ulong to))
        {
            Refuse(slot, pfn, ahead);
            return Errno.None;
        }

        ReadOnlySpan<ulong> words = default;
        bool isReady = false;
        bool hasReferences = false;
        try
        {
            hasReferences = _tree.TryReference(slot, start, end);
            isReady = hasReferences && TryEncode(slot, pfn, ahead, out words);
            if (isReady && !TryCutAt([from, start, end, to]))
            {
                isReady = false;
                ahead = words;
            }
        }
        finally
        {
            if (!isReady)
            {
                GiveUp(slot, start, hasReferences ? end : start);
                Refuse(slot, pfn, ahead);
            }
        }

        if (!isReady)
        {
            return Errno.ENOMEM;
        }

        Replace(slot, pfn, words, start, end, from, to);
        return Errno.None;
    }

    /// <summary>The pages that lie in a range, whole.</summary>
    /// <returns>False where the range is not part of one allocation, or memory is mapped.</returns>
    private static bool TryWiden(GpuVma vma, ulong start, ulong end, out ulong from, out ulong to)
    {
        from = start;
        to = end;
        for (GpuVma piece = vma; ; piece = piece.Next)
        {
            if (!piece.IsMapRef || piece.Memory is not null)
            {
                return false;
            }

            if (piece.IsMapped)
            {
                ref readonly PageSlot other = ref TableTree<TFormat>.SlotOf(piece.Referenced);
                from = Math.Min(from, Math.Max(piece.Start, other.AlignDown(start)));
                to = Math.Max(to, Math.Min(piece.End, other.AlignUp(end)));
            }

            if (piece.End >= end)
            {
                return true;
            }

            if (piece.Next is not { IsPart: true })
            {
                return false;
            }
        }
    }

    private bool TryCutAt(ReadOnlySpan<ulong> places)
    {
        for (int i = 0; i < places.Length; i++)
        {
            if (FindArea(places[i]) is { } vma && vma.Start != places[i] &&
                !_areas.TrySplit(vma, places[i], vma.End - places[i], out _))
            {
                Join(places[..i]);
                return false;
            }
        }

        return true;
    }

    /// <summary>Joins pieces again that were cut at places, and are in the same state on both sides.</summary>
    private void Join(ReadOnlySpan<ulong> places)
    {
        foreach (ulong place in places)
        {
            if (FindArea(place) is { IsPart: true, Previous: { } previous } vma && vma.Start == place && AreAlike(previous, vma))
            {
                _areas.Merge(previous, vma, next: null, vma.Size);
            }
        }
    }

    private static bool AreAlike(GpuVma left, GpuVma right) =>
        left.IsMapped == right.IsMapped && left.Referenced == right.Referenced && left.Memory is null && right.Memory is null;

    private void Replace(
        in PageSlot slot, ReadOnlySpan<PfnEntry> pfn, ReadOnlySpan<ulong> words, ulong start, ulong end, ulong from, ulong to)
    {
        bool isSparse = TakeBackOthers(from, to);

        // The old pages are gone for the device before the new one shows.
        Complete();
        GpuVma page = FindArea(start)!;
        while (page.End != end)
        {
            _areas.Merge(previous: null, page, page.Next, page.Size);
        }

        SetMapped(page, slot.Type);
        _mappedPages += (long)(slot.Size >> Page.Shift);
        _tree.MapWords(slot, start, pfn, words, HistoryOf(slot, isSparse));
        Complete();
        Join([from, start, end, to]);
    }

    /// <summary>Takes back all pages of a range. A page may lie in several pieces now: those go together.</summary>
    /// <returns>True if the range is sparse where nothing is mapped.</returns>
    private bool TakeBackOthers(ulong from, ulong to)
    {
        GpuVma? piece = FindArea(from)!;
        bool isSparse = piece.IsSparse;
        while (piece is not null && piece.Start < to)
        {
            int type = piece.Referenced;
            ulong start = piece.Start;
            ulong end = start;
            for (; piece is not null && piece.Start < to && piece.Referenced == type; piece = piece.Next)
            {
                end = piece.End;
                piece.IsMapped = false;
                piece.Referenced = GpuVma.None;
            }

            if (type != GpuVma.None)
            {
                TakeBack(TableTree<TFormat>.SlotOf(type), start, end, isSparse ? TFormat.SparsePage : 0);
            }
        }

        return isSparse;
    }
}
