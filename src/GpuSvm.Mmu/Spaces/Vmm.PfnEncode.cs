using System.Numerics;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Requests for pages become entries, and host pages get their device addresses.</content>
internal sealed partial class Vmm<TFormat>
{
    // The encoded entries of the running piece.
    private ulong[] _words = [];

    /// <summary>Encodes all entries, and maps host pages for DMA.</summary>
    private Errno TryEncode(in PageSlot slot, ReadOnlySpan<PfnEntry> pfns)
    {
        if (_words.Length < pfns.Length)
        {
            _words = new ulong[BitOperations.RoundUpToPowerOf2((uint)pfns.Length)];
        }

        int done = 0;
        bool isReady = false;
        try
        {
            while (done < pfns.Length)
            {
                if (!TryEncode(slot, pfns[done], out _words[done]))
                {
                    return Errno.ENOMEM;
                }

                done++;
            }

            isReady = true;
        }
        finally
        {
            if (!isReady)
            {
                UndoMappings(slot, pfns[..done]);
            }
        }

        return Errno.None;
    }

    private bool TryEncode(in PageSlot slot, PfnEntry pfn, out ulong word)
    {
        var target = new PageTarget(pfn.IsVideoMemory ? Aperture.VideoMemory : Aperture.SystemCoherent, pfn.Address);
        if (pfn.NeedsDma && !TryMapForDma(slot, pfn, out target))
        {
            word = 0;
            return false;
        }

        word = TFormat.EncodePage(target, pfn.Rights);
        return true;
    }

    private bool TryMapForDma(in PageSlot slot, PfnEntry pfn, out PageTarget target)
    {
        const TranslationRights Changing = TranslationRights.Write | TranslationRights.Atomic;
        DmaDirection direction = (pfn.Rights & Changing) != 0 ? DmaDirection.Bidirectional : DmaDirection.ToDevice;
        int order = slot.Shift - Page.Shift;
        target = default;
        if (_dma.TryMap(new PhysicalAddress(pfn.Address).Frame, order, direction, out DeviceAddress device) != Errno.None)
        {
            return false;
        }

        _dmaMaps++;
        target = new PageTarget(Aperture.SystemCoherent, device.Value);
        if (TFormat.CanAddress(target))
        {
            return true;
        }

        // The IOMMU has no address left that the device can reach.
        _retirement.UndoUnused(device, order);
        return false;
    }

    /// <summary>Undoes the DMA mappings of pages that were encoded, and not mapped.</summary>
    private void UndoMappings(in PageSlot slot, ReadOnlySpan<PfnEntry> pfns)
    {
        for (int i = 0; i < pfns.Length; i++)
        {
            if (pfns[i].NeedsDma)
            {
                _retirement.UndoUnused(new DeviceAddress(TFormat.TargetOf(_words[i]).Address), slot.Shift - Page.Shift);
            }
        }
    }

    private static void Reject(Span<PfnEntry> pfns)
    {
        foreach (ref PfnEntry pfn in pfns)
        {
            pfn = pfn.Rejected();
        }
    }
}
