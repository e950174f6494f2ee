using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Runs of pages are mapped by pfn: what can be done without the lock is done before it is taken.</content>
internal sealed partial class Vmm<TFormat>
{
    // Others get the lock between so many pages: nobody waits for it much longer than it would take to put him to sleep and wake him.
    private const int PagesPerHold = 64;

    /// <inheritdoc/>
    public override Errno PfnMapRuns(VirtualAddress address, Span<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, PfnBuffer buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        int type = PageSizes<TFormat>.TypeOf(Page.Shift);
        foreach (PfnSpan run in runs)
        {
            if (!IsRequest(type, Page.Shift, AddressOf(address, run), pfns.Slice(run.First, run.Count), out PfnSummary summary))
            {
                return Errno.EINVAL;
            }

            Checks.That(summary.IsOneRun && pfns[run.First].IsValid, "All entries of a run are valid.");
        }

        return MapRuns(TableTree<TFormat>.SlotOf(type), address, pfns, runs, buffer);
    }

    private Errno MapRuns(in PageSlot slot, ulong address, Span<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, PfnBuffer buffer)
    {
        Errno result = Errno.None;
        int done = 0;
        bool isAhead = false;
        try
        {
            isAhead = TryEncodeAhead(pfns, runs, buffer, out int mapped);
            ReadOnlySpan<ulong> ahead = isAhead ? buffer.Words : [];
            while (done < runs.Length)
            {
                using RankedLock.Scope scope = Enter();
                _dmaMaps += mapped;
                mapped = 0;
                for (int pages = 0; pages < PagesPerHold && done < runs.Length;)
                {
                    PfnSpan run = runs[done++];
                    pages += run.Count;
                    ReadOnlySpan<ulong> words = isAhead ? ahead.Slice(run.First, run.Count) : ahead;
                    Errno error = MapRun(slot, AddressOf(address, run), pfns.Slice(run.First, run.Count), words);
                    result = error == Errno.None ? result : error;
                }
            }
        }
        finally
        {
            // There are some left where something was thrown.
            GiveUpRuns(pfns, runs[done..], isAhead ? buffer.Words : []);
        }

        return result;
    }

    private Errno MapRun(in PageSlot slot, ulong start, Span<PfnEntry> pfns, ReadOnlySpan<ulong> ahead)
    {
        if (FindArea(start) is { } vma)
        {
            return MapPieces(slot, vma, start, pfns, ahead, ahead.IsEmpty ? PfnSummary.Of(pfns) : default);
        }

        Refuse(slot, pfns, ahead);
        return Errno.ENOENT;
    }

    private void GiveUpRuns(Span<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, ReadOnlySpan<ulong> ahead)
    {
        if (!ahead.IsEmpty)
        {
            UnmapAhead(pfns, runs, ahead, DmaDirection.Bidirectional);
            UnmapAhead(pfns, runs, ahead, DmaDirection.ToDevice);
        }

        foreach (PfnSpan run in runs)
        {
            Reject(pfns.Slice(run.First, run.Count));
        }
    }

    /// <summary>Encodes the entries of runs, and maps host pages for DMA.</summary>
    /// <param name="pfns">The request.</param>
    /// <param name="runs">Which entries count.</param>
    /// <param name="buffer">Where the encoded entries go.</param>
    /// <param name="mapped">Number of pages that were mapped for DMA.</param>
    /// <returns>False if not all could be had: then nothing is done.</returns>
    private bool TryEncodeAhead(ReadOnlySpan<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, PfnBuffer buffer, out int mapped)
    {
        int toDevice = 0;
        bool isReady = false;
        bool isBegun = TryMapAhead(pfns, runs, DmaDirection.Bidirectional, buffer, out mapped, out int others);
        try
        {
            isReady = isBegun && (others == 0 || TryMapAhead(pfns, runs, DmaDirection.ToDevice, buffer, out toDevice, out _));
        }
        finally
        {
            if (isBegun && !isReady)
            {
                UnmapAhead(pfns, runs, buffer.Words, DmaDirection.Bidirectional);
            }
        }

        mapped = isReady ? mapped + toDevice : 0;
        return isReady;
    }

    /// <summary>Maps for DMA, all at once, the host pages that are mapped in one direction; encodes them, and those that are no host pages.</summary>
    private bool TryMapAhead(
        ReadOnlySpan<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, DmaDirection direction, PfnBuffer buffer, out int mapped, out int others)
    {
        mapped = 0;
        others = 0;
        foreach (PfnSpan run in runs)
        {
            for (int i = run.First; i < run.End; i++)
            {
                if (!pfns[i].NeedsDma)
                {
                    buffer.Words[i] = TFormat.EncodePage(pfns[i].Target, pfns[i].Rights);
                }
                else if (DirectionOf(pfns[i]) == direction)
                {
                    buffer.Places[mapped] = i;
                    buffer.Frames[mapped++] = new PhysicalAddress(pfns[i].Address).Frame;
                }
                else
                {
                    others++;
                }
            }
        }

        return mapped == 0 || TryMapAhead(pfns, direction, buffer, mapped);
    }

    private bool TryMapAhead(ReadOnlySpan<PfnEntry> pfns, DmaDirection direction, PfnBuffer buffer, int count)
    {
        Span<DeviceAddress> devices = buffer.Devices[..count];
        if (_dma.TryMapAll(buffer.Frames[..count], 0, direction, devices) != Errno.None)
        {
            return false;
        }

        ulong any = 0;
        for (int i = 0; i < devices.Length; i++)
        {
            int place = buffer.Places[i];
            any |= devices[i].Value;
            buffer.Words[place] = TFormat.EncodePage(new PageTarget(Aperture.SystemCoherent, devices[i].Value), pfns[place].Rights);
        }

        if (TFormat.CanAddress(new PageTarget(Aperture.SystemCoherent, any)))
        {
            return true;
        }

        // The IOMMU has no addresses left that the device can reach; or few, and those are looked for run by run.
        foreach (DeviceAddress device in devices)
        {
            _dma.Unmap(device, 0);
        }

        return false;
    }

    private void UnmapAhead(ReadOnlySpan<PfnEntry> pfns, ReadOnlySpan<PfnSpan> runs, ReadOnlySpan<ulong> words, DmaDirection direction)
    {
        foreach (PfnSpan run in runs)
        {
            for (int i = run.First; i < run.End; i++)
            {
                if (pfns[i].NeedsDma && DirectionOf(pfns[i]) == direction)
                {
                    _dma.Unmap(new DeviceAddress(TFormat.TargetOf(words[i]).Address), 0);
                }
            }
        }
    }

    private static VirtualAddress AddressOf(VirtualAddress address, PfnSpan run) => address + ((ulong)run.First << Page.Shift);
}
