using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Pages are mapped by pfn.</content>
internal sealed partial class Vmm<TFormat>
{
    /// <inheritdoc/>
    public override Errno PfnMap(int pageShift, VirtualAddress address, Span<PfnEntry> pfns)
    {
        int type = PageSizes<TFormat>.TypeOf(pageShift);
        if (!IsRequest(type, pageShift, address, pfns, out PfnSummary summary))
        {
            return Errno.EINVAL;
        }

        using RankedLock.Scope scope = Enter();
        if (pfns.IsEmpty)
        {
            return Errno.None;
        }

        ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(type);
        return FindArea(address) is { } vma ? MapPieces(slot, vma, address, pfns, [], summary) : Errno.ENOENT;
    }

    private bool IsRequest(int type, int pageShift, VirtualAddress address, ReadOnlySpan<PfnEntry> pfns, out PfnSummary summary)
    {
        summary = default;
        if (type == GpuVma.None || (PageSizes<TFormat>.Pfn & (1UL << pageShift)) == 0)
        {
            return false;
        }

        ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(type);
        if (slot.AlignDown(address) != address.Value ||
            (ulong)pfns.Length > ulong.MaxValue >> pageShift ||
            !AddressRange.TryFromLength(address, (ulong)pfns.Length << pageShift, out AddressRange range) ||
            range.End > Bounds.End)
        {
            return false;
        }

        summary = PfnSummary.Of(pfns);
        return CanAddressAny(slot, summary) || CanAddressAll(slot, pfns);
    }

    /// <summary>True if entries could hold even an address that has all bits of any of them: then nothing more is asked.</summary>
    private static bool CanAddressAny(in PageSlot slot, in PfnSummary summary)
    {
        ulong any = summary.AnyAddress;
        bool isOnBus = summary.AreForeignPagesOnBus && slot.AlignDown(any) == any;
        return TFormat.CanAddress(new PageTarget(Aperture.VideoMemory, any)) &&
            (!summary.HasForeignPages || (isOnBus && TFormat.CanAddress(new PageTarget(Aperture.SystemCoherent, any))));
    }

    /// <summary>True if entries can hold the addresses that are entered as they are, and those of others are aligned to the page size.</summary>
    private static bool CanAddressAll(in PageSlot slot, ReadOnlySpan<PfnEntry> pfns)
    {
        foreach (PfnEntry pfn in pfns)
        {
            if (!pfn.IsValid || pfn.NeedsDma)
            {
                continue;
            }

            if (!TFormat.CanAddress(pfn.Target) || (!pfn.IsVideoMemory && slot.AlignDown(pfn.Address) != pfn.Address))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Goes through the request piece by piece: a run of equal V in one piece of the address space.</summary>
    private Errno MapPieces(
        in PageSlot slot, GpuVma vma, ulong start, Span<PfnEntry> pfns, ReadOnlySpan<ulong> ahead, PfnSummary summary)
    {
        bool isOneRun = summary.IsOneRun;
        bool isVideo = summary.IsInVideoMemory;
        Errno result = Errno.None;
        for (; ; )
        {
            Span<PfnEntry> run = isOneRun ? pfns : pfns[..PfnSummary.RunLength(pfns)];
            int done = run.Length;
            Errno error = run[0].IsValid
                ? MapSome(slot, vma, start, run, ahead, isVideo, out done)
                : TryUnmapRange(vma, start, start + ((ulong)done << slot.Shift));
            result = error == Errno.None ? result : error;
            if (done == pfns.Length)
            {
                return result;
            }

            start += (ulong)done << slot.Shift;
            pfns = pfns[done..];
            ahead = ahead.IsEmpty ? ahead : ahead[done..];
            vma = _areas.PieceAt(start);
        }
    }

    /// <summary>Maps as many pages of a run as lie in a piece; or a single page that lies in several.</summary>
    private Errno MapSome(
        in PageSlot slot, GpuVma vma, ulong start, Span<PfnEntry> run, ReadOnlySpan<ulong> ahead, bool isVideo, out int done)
    {
        done = (int)Math.Min((ulong)run.Length, (vma.End - start) >> slot.Shift);
        if (!vma.IsMapRef || vma.Memory is not null)
        {
            // A page that only begins here is refused too.
            done = Math.Max(done, 1);
            Refuse(slot, run[..done], ahead);
            return Errno.None;
        }

        if (done == 0 || (vma.IsMapped && vma.Referenced != slot.Type))
        {
            done = 1;
            return MapOverOthers(slot, vma, start, run[..1], ahead.IsEmpty ? ahead : ahead[..1]);
        }

        run = run[..done];
        ahead = ahead.IsEmpty ? ahead : ahead[..done];
        return vma.IsMapped ? MapOverEqual(slot, start, run, ahead) : MapNew(slot, vma, start, run, ahead, isVideo);
    }

    /// <summary>Maps pages in a piece where nothing is mapped. All of them or none.</summary>
    private Errno MapNew(in PageSlot slot, GpuVma vma, ulong start, Span<PfnEntry> pfns, ReadOnlySpan<ulong> ahead, bool isVideo)
    {
        ulong end = start + ((ulong)pfns.Length << slot.Shift);
        Neighbours into = Neighbours.Mapped(vma, start, end, slot.Type);
        GpuVma? piece = vma;
        if (!into.Any && !_areas.TrySplit(vma, start, end - start, out piece))
        {
            Refuse(slot, pfns, ahead);
            return Errno.ENOMEM;
        }

        isVideo = ahead.IsEmpty && (isVideo || PfnSummary.Of(pfns).IsInVideoMemory);
        ReadOnlySpan<ulong> words = default;
        bool isReady = false;
        bool hasReferences = false;
        try
        {
            hasReferences = _tree.TryReference(slot, start, end);
            isReady = hasReferences && (isVideo || TryEncode(slot, pfns, ahead, out words));
            if (!isReady)
            {
                return Errno.ENOMEM;
            }
        }
        finally
        {
            // Also where the DMA mapper throws, for a frame that does not exist.
            if (!isReady)
            {
                GiveUp(slot, start, hasReferences ? end : start);
                if (!into.Any)
                {
                    MergeUnmapped(piece!);
                }

                Refuse(slot, pfns, ahead);
            }
        }

        EntryHistory history = HistoryOf(slot, vma.IsSparse);
        _recent = into.Any ? _areas.Merge(into.Previous, vma, into.Next, end - start) : piece!;
        SetMapped(_recent, slot.Type);
        _mappedPages += (long)((end - start) >> Page.Shift);
        if (isVideo)
        {
            _tree.MapVideoPages(slot, start, pfns, history);
        }
        else
        {
            _tree.MapWords(slot, start, pfns, words, history);
        }

        Complete();
        return Errno.None;
    }

    /// <summary>Maps pages over pages of the same size: the old ones are taken back before the first new one shows.</summary>
    private Errno MapOverEqual(in PageSlot slot, ulong start, Span<PfnEntry> pfns, ReadOnlySpan<ulong> ahead)
    {
        ReadOnlySpan<ulong> words = default;
        bool isReady = false;
        try
        {
            isReady = TryEncode(slot, pfns, ahead, out words);
        }
        finally
        {
            if (!isReady)
            {
                Reject(pfns);
            }
        }

        if (!isReady)
        {
            return Errno.ENOMEM;
        }

        _tree.WithdrawReplaced(slot, start, words);
        Complete();
        _tree.MapWords(slot, start, pfns, words, EntryHistory.Forgotten);
        return Errno.None;
    }

    private static void SetMapped(GpuVma vma, int type)
    {
        vma.IsMapped = true;
        vma.Referenced = type;
    }

    /// <summary>Takes back what was prepared for pages that are not mapped after all.</summary>
    private void GiveUp(in PageSlot slot, ulong start, ulong end)
    {
        _tree.Release(slot, start, end);
        Complete();
    }
}
