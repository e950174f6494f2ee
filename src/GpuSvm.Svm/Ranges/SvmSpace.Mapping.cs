using System.Numerics;

namespace GpuSvm.Svm;

/// <content>Mapping pages for the device, block by block.</content>
public sealed partial class SvmSpace
{
    /// <summary>
    /// Sees to it that there was an array for some blocks a moment ago; outside of the lock, where memory may be waited for.
    /// </summary>
    private bool TryMakeRoom(SvmRange range, int blocks, ref MappedBlock[] spare)
    {
        using (NotifierLock.Enter())
        {
            if (range.RoomFor(blocks, spare) is not null)
            {
                return true;
            }
        }

        if (!MayAllocate())
        {
            return false;
        }

        spare = new MappedBlock[blocks];
        return true;
    }

    /// <summary>Maps what was looked up, if that is still true.</summary>
    /// <returns>EAGAIN if it is not, or the array was taken meanwhile.</returns>
    private Errno TryMap(SvmRange range, long sequence, ReadOnlySpan<HmmPfn> pfns, int blocks, in SvmContext context, MappedBlock[] spare)
    {
        using (NotifierLock.Enter())
        {
            // All is looked at again: the lock was free since.
            if (range.IsGone)
            {
                return Errno.EFAULT;
            }

            if (range.ArePagesValid(context.Rights))
            {
                return Errno.None;
            }

            if (range.Notifier.Interval.ReadRetry(sequence) || range.RoomFor(blocks, spare) is not { } room)
            {
                return Errno.EAGAIN;
            }

            Span<MappedBlock> target = room.AsSpan(0, blocks);
            Errno error = TryMapBlocks(pfns, context, target, out bool hasDevicePages);
            if (error != Errno.None)
            {
                return error;
            }

            DropAndUnmap(range);
            range.SetMapping(room, blocks, context.Rights, hasDevicePages);
            return Errno.None;
        }
    }

    /// <summary>Maps all pages, or none.</summary>
    private Errno TryMapBlocks(ReadOnlySpan<HmmPfn> pfns, in SvmContext context, Span<MappedBlock> target, out bool hasDevicePages)
    {
        hasDevicePages = false;
        ulong? place = context.Placement == SvmPlacement.Uniform ? PlaceOf(pfns[0].Frame) : null;
        int at = 0;
        for (int i = 0; at < target.Length; at++)
        {
            int order = OrderOf(pfns[i..]);
            Errno error = place is { } wanted && PlaceOf(pfns[i].Frame) != wanted
                ? Errno.EOPNOTSUPP
                : TryMapBlock(pfns[i], order, context, out target[at]);
            if (error != Errno.None)
            {
                Unmap(target[..at]);
                return error;
            }

            hasDevicePages |= target[at].System is null;
            i += 1 << order;
        }

        return Errno.None;
    }

    private Errno TryMapBlock(HmmPfn pfn, int order, in SvmContext context, out MappedBlock block)
    {
        block = default;
        if (_options.Memory is { } memory && memory.TryGetDevicePage(pfn.Frame, out ulong page))
        {
            // A page of the device itself is never faulted, so it may come without the right that was asked for.
            block = new MappedBlock(null, page, order);
            return context.IsReadOnly || pfn.IsWritable ? Errno.None : Errno.EOPNOTSUPP;
        }

        if (context.IsDeviceMemoryOnly)
        {
            return Errno.EFAULT;
        }

        DmaDirection direction = context.IsReadOnly ? DmaDirection.ToDevice : DmaDirection.Bidirectional;
        Errno error = _dma.TryMap(pfn.Frame, order, direction, out DeviceAddress address);
        block = new MappedBlock(address, 0, order);
        return error;
    }

    /// <summary>Names the place where a page lies: 0 for system memory, else its allocation.</summary>
    private ulong PlaceOf(FrameNumber frame) =>
        _options.Memory is { } memory && memory.TryGetDevicePage(frame, out _) ? memory.Pagemap.DataOf(frame) + 1 : 0;

    private void DropAndUnmap(SvmRange range)
    {
        if (range.HasMapping)
        {
            Operations.DropEntries(range);
            Unmap(range.TakeMapping());
        }
    }

    private void Unmap(ReadOnlySpan<MappedBlock> blocks)
    {
        foreach (MappedBlock block in blocks)
        {
            if (block.System is { } address)
            {
                _dma.Unmap(address, block.Order);
            }
        }
    }

    private static int CountBlocks(ReadOnlySpan<HmmPfn> pfns)
    {
        int count = 0;
        for (int i = 0; i < pfns.Length; count++)
        {
            i += 1 << OrderOf(pfns[i..]);
        }

        return count;
    }

    /// <summary>How much can be mapped as one from a page on: no more than the CPU does, and than was asked.</summary>
    /// <remarks>
    /// Both are aligned, in addresses and in frames, so one lies in the other. Source: Linux drm_gpusvm_hmm_pfn_to_order, which came after
    /// memory outside of ranges had been mapped.
    /// </remarks>
    private static int OrderOf(ReadOnlySpan<HmmPfn> pfns) => BitOperations.Log2((uint)pfns[0].PagesOfBlock(pfns.Length));
}
