using System.Numerics;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Requests for pages become entries, and host pages get their device addresses.</content>
internal sealed partial class Vmm<TFormat>
{
    // The encoded entries of the running piece.
    private ulong[] _words = [];

    // The frames of a run of host pages, and where the device finds them.
    private FrameNumber[] _frames = [];
    private DeviceAddress[] _devices = [];

    /// <summary>Encodes all entries, and maps host pages for DMA; unless that was done ahead.</summary>
    /// <param name="slot">Where the entries will stand.</param>
    /// <param name="pfns">The pages.</param>
    /// <param name="ahead">What they were encoded as before, or nothing.</param>
    /// <param name="words">What they are encoded as.</param>
    private bool TryEncode(scoped in PageSlot slot, ReadOnlySpan<PfnEntry> pfns, ReadOnlySpan<ulong> ahead, out ReadOnlySpan<ulong> words)
    {
        words = ahead;
        return !ahead.IsEmpty || TryEncode(slot, pfns, out words);
    }

    private bool TryEncode(scoped in PageSlot slot, ReadOnlySpan<PfnEntry> pfns, out ReadOnlySpan<ulong> words)
    {
        words = default;
        if (_words.Length < pfns.Length)
        {
            _words = new ulong[BitOperations.RoundUpToPowerOf2((uint)pfns.Length)];
            _frames = new FrameNumber[_words.Length];
            _devices = new DeviceAddress[_words.Length];
        }

        int done = 0;
        bool isReady = false;
        try
        {
            while (done < pfns.Length)
            {
                int run = LengthOfDmaRun(pfns[done..], out DmaDirection direction);
                if (run == 0)
                {
                    run = EncodeRun(pfns[done..], _words.AsSpan(done));
                }
                else if (!TryMapForDma(slot, pfns.Slice(done, run), direction, _words.AsSpan(done, run)))
                {
                    return false;
                }

                done += run;
            }

            isReady = true;
        }
        finally
        {
            if (!isReady)
            {
                UndoMappings(slot, pfns[..done], _words);
            }
        }

        words = _words.AsSpan(0, pfns.Length);
        return true;
    }

    /// <summary>Encodes pages, from the first on, that differ by their address only: so does what they become.</summary>
    /// <returns>How many.</returns>
    private static int EncodeRun(ReadOnlySpan<PfnEntry> pfns, Span<ulong> words)
    {
        ulong step = TFormat.PageStep(Page.Shift);
        ulong first = pfns[0].Bits;
        ulong word = TFormat.EncodePage(pfns[0].Target, pfns[0].Rights);
        words[0] = word;
        int run = 1;
        for (; run < pfns.Length && ((pfns[run].Bits ^ first) & Page.OffsetMask) == 0; run++)
        {
            // The page may lie below the first one.
            long pages = unchecked((long)(pfns[run].Bits - first)) >> Page.Shift;
            words[run] = unchecked(word + ((ulong)pages * step));
        }

        return run;
    }

    /// <summary>Number of pages, from the first on, that have to be mapped for DMA in the same direction.</summary>
    private static int LengthOfDmaRun(ReadOnlySpan<PfnEntry> pfns, out DmaDirection direction)
    {
        direction = DirectionOf(pfns[0]);
        int length = 0;
        while (length < pfns.Length && pfns[length].NeedsDma && DirectionOf(pfns[length]) == direction)
        {
            length++;
        }

        return length;
    }

    private static DmaDirection DirectionOf(PfnEntry pfn) =>
        (pfn.Rights & (TranslationRights.Write | TranslationRights.Atomic)) != 0 ? DmaDirection.Bidirectional : DmaDirection.ToDevice;

    /// <summary>Maps a run of host pages for DMA and encodes them: all of them or none.</summary>
    private bool TryMapForDma(in PageSlot slot, ReadOnlySpan<PfnEntry> pfns, DmaDirection direction, Span<ulong> words)
    {
        Span<FrameNumber> frames = _frames.AsSpan(0, pfns.Length);
        Span<DeviceAddress> devices = _devices.AsSpan(0, pfns.Length);
        for (int i = 0; i < pfns.Length; i++)
        {
            frames[i] = new PhysicalAddress(pfns[i].Address).Frame;
        }

        int order = slot.Shift - Page.Shift;
        if (_dma.TryMapAll(frames, order, direction, devices) != Errno.None)
        {
            return false;
        }

        _dmaMaps += pfns.Length;
        for (int i = 0; i < pfns.Length; i++)
        {
            var target = new PageTarget(Aperture.SystemCoherent, devices[i].Value);
            if (!TFormat.CanAddress(target))
            {
                // The IOMMU has no address left that the device can reach.
                UndoUnused(devices, order);
                return false;
            }

            words[i] = TFormat.EncodePage(target, pfns[i].Rights);
        }

        return true;
    }

    private void UndoUnused(ReadOnlySpan<DeviceAddress> devices, int order)
    {
        foreach (DeviceAddress device in devices)
        {
            _retirement.UndoUnused(device, order);
        }
    }

    /// <summary>Undoes the DMA mappings of pages that were encoded, and not mapped.</summary>
    private void UndoMappings(in PageSlot slot, ReadOnlySpan<PfnEntry> pfns, ReadOnlySpan<ulong> words)
    {
        for (int i = 0; i < pfns.Length; i++)
        {
            if (pfns[i].NeedsDma)
            {
                _retirement.UndoUnused(new DeviceAddress(TFormat.TargetOf(words[i]).Address), slot.Shift - Page.Shift);
            }
        }
    }

    /// <summary>Pages are not mapped: undoes what was done ahead for them, and clears their V.</summary>
    private void Refuse(in PageSlot slot, Span<PfnEntry> pfns, ReadOnlySpan<ulong> ahead)
    {
        if (!ahead.IsEmpty)
        {
            UndoMappings(slot, pfns, ahead);
        }

        Reject(pfns);
    }

    private static void Reject(Span<PfnEntry> pfns)
    {
        foreach (ref PfnEntry pfn in pfns)
        {
            pfn = pfn.Rejected();
        }
    }
}
