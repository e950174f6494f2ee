using System.Numerics;

namespace GpuSvm.Svm;

/// <content>Mapping pages for the device, block by block.</content>
public sealed partial class SvmSpace
{
    private const int PeerPlaceShift = 56;

    /// <summary>Maps what was looked up, if that is still true: blocks that are good already stay, and the others are made.</summary>
    /// <param name="look">What was looked up.</param>
    /// <param name="context">What it is for.</param>
    /// <param name="blocks">Room for all blocks of the pages, for use meanwhile.</param>
    /// <param name="spare">An array that the range may keep.</param>
    /// <param name="needed">How large that would have to be; 0 if it is not needed.</param>
    /// <returns>EAGAIN if it is not true any more, or there is no array.</returns>
    private Errno TryMap(in PageLook look, in SvmContext context, Span<MappedBlock> blocks, MappedBlock[] spare, out int needed)
    {
        needed = 0;
        SvmRange range = look.Range;
        using (NotifierLock.Enter())
        {
            // All is looked at again: the lock was free since.
            if (IsSettled(range, context, out Errno error, out int first, out int end))
            {
                return error;
            }

            if (range.Notifier.Interval.ReadRetry(look.Sequence) || first < look.First || end > look.End)
            {
                return Errno.EAGAIN;
            }

            blocks = blocks[..Plan(look, first, end, context.Rights, blocks)];
            int count = range.CountWith(first, end, blocks.Length);
            if (range.RoomFor(count, spare) is not { } room)
            {
                needed = count;
                return Errno.EAGAIN;
            }

            error = IsRestWanted(look, first, end, context, blocks[0]) ? TryMapPlanned(look, context, blocks) : Refusal(context);
            if (error == Errno.None)
            {
                DropAndUnmap(range, first, end, context.Rights);
                range.SetBlocks(first, end, blocks, room);
            }

            return error;
        }
    }

    /// <summary>Lists the blocks that some pages will have: the good ones that they have, and between them those that the CPU's pages make.</summary>
    /// <returns>Their number.</returns>
    private static int Plan(in PageLook look, int first, int end, Protection rights, Span<MappedBlock> plan)
    {
        int count = 0;
        int next = first;
        foreach (ref readonly MappedBlock block in look.Range.BlocksOf(first, end))
        {
            if (SvmRange.IsGood(block, rights))
            {
                count = PlanNew(look, next, block.FirstPage, plan, count);
                plan[count++] = block;
                next = block.EndPage;
            }
        }

        return PlanNew(look, next, end, plan, count);
    }

    private static int PlanNew(in PageLook look, int first, int end, Span<MappedBlock> plan, int count)
    {
        while (first < end)
        {
            // That of most pages, without a division of the span.
            int order = look.Pfns[first - look.First].Order == 0 ? 0 : OrderOf(look.Pfns[(first - look.First)..(end - look.First)]);
            plan[count++] = MappedBlock.Planned(first, order);
            first += 1 << order;
        }

        return count;
    }

    /// <summary>True if the blocks before and behind some pages lie where the pages of a range are wanted.</summary>
    private bool IsRestWanted(in PageLook look, int first, int end, in SvmContext context, in MappedBlock example)
    {
        SvmRange range = look.Range;
        bool isUniform = context.Placement == SvmPlacement.Uniform;
        if (!isUniform && !context.IsDeviceMemoryOnly)
        {
            return true;
        }

        ulong place = PlaceOf(look, example);
        foreach (ref readonly MappedBlock block in range.Blocks)
        {
            bool isRest = block.EndPage <= first || block.FirstPage >= end;
            if (isRest && ((isUniform && PlaceOf(look, block) != place) || (context.IsDeviceMemoryOnly && !block.IsOnDevice)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What is said where pages lie elsewhere than is wanted.</summary>
    private static Errno Refusal(in SvmContext context) => context.IsDeviceMemoryOnly ? Errno.EFAULT : Errno.EOPNOTSUPP;

    /// <summary>Maps all blocks that are planned, or none; those that there are already count where all must lie in one place.</summary>
    private Errno TryMapPlanned(in PageLook look, in SvmContext context, Span<MappedBlock> blocks)
    {
        bool isUniform = context.Placement == SvmPlacement.Uniform;
        ulong place = isUniform ? PlaceOf(look, blocks[0]) : 0;
        int done = 0;
        while (done < blocks.Length)
        {
            ref MappedBlock block = ref blocks[done];
            int count = 1;
            Errno error =
                isUniform && PlaceOf(look, block) != place ? Errno.EOPNOTSUPP :
                block.IsNew ? TryMapNext(look, context, blocks[done..], out count) :
                context.IsDeviceMemoryOnly && !block.IsOnDevice ? Errno.EFAULT : Errno.None;
            if (error != Errno.None)
            {
                UnmapNew(blocks[..done]);
                return error;
            }

            done += count;
        }

        return Errno.None;
    }

    /// <summary>Maps the first of some planned blocks, and those behind it that can be had by the same call.</summary>
    private Errno TryMapNext(in PageLook look, in SvmContext context, Span<MappedBlock> blocks, out int count)
    {
        count = 1;
        ref MappedBlock block = ref blocks[0];
        HmmPfn pfn = look.Pfns[block.FirstPage - look.First];

        // A page of the device itself, or of a peer, is never faulted, so it may come without the right that was asked for.
        Errno rights = context.IsReadOnly || pfn.IsWritable ? Errno.None : Errno.EOPNOTSUPP;
        if (IsOnDevice(pfn, out ulong page))
        {
            block = block.OnDevice(page, context.Rights);
            return rights;
        }

        if (context.IsDeviceMemoryOnly)
        {
            return Errno.EFAULT;
        }

        if (IsOnPeer(pfn, out int number, out page))
        {
            block = block.OnPeer(number, page, context.Rights);
            return rights;
        }

        if (block.Order == 0)
        {
            return TryMapRun(look, context, blocks, out count);
        }

        Errno error = _dma.TryMap(pfn.Frame, block.Order, DirectionOf(context), out DeviceAddress address);
        block = block.InSystem(address, context.Rights);
        return error;
    }

    /// <summary>Maps single pages of system memory that follow each other by one call.</summary>
    private Errno TryMapRun(in PageLook look, in SvmContext context, Span<MappedBlock> blocks, out int count)
    {
        const int Most = 64;
        Span<FrameNumber> frames = stackalloc FrameNumber[Most];
        Span<DeviceAddress> addresses = stackalloc DeviceAddress[Most];
        for (count = 0; count < Math.Min(Most, blocks.Length) && blocks[count] is { IsNew: true, Order: 0 } block; count++)
        {
            HmmPfn pfn = look.Pfns[block.FirstPage - look.First];
            if (IsOnDevice(pfn, out _) || IsOnPeer(pfn, out _, out _))
            {
                break;
            }

            frames[count] = pfn.Frame;
        }

        Errno error = _dma.TryMapAll(frames[..count], 0, DirectionOf(context), addresses);
        for (int i = 0; i < count && error == Errno.None; i++)
        {
            blocks[i] = blocks[i].InSystem(addresses[i], context.Rights);
        }

        return error;
    }

    private bool IsOnDevice(HmmPfn pfn, out ulong page)
    {
        page = 0;
        return _options.Memory is { } memory && memory.TryGetDevicePage(pfn.Frame, out page);
    }

    private bool IsOnPeer(HmmPfn pfn, out int number, out ulong page)
    {
        (number, page) = (0, 0);
        return _options.Memory?.Peers?.Find(pfn.Frame, out number, out page) is not null;
    }

    private static DmaDirection DirectionOf(in SvmContext context) =>
        context.IsReadOnly ? DmaDirection.ToDevice : DmaDirection.Bidirectional;

    /// <summary>Names the place where a block lies, or will: 0 for system memory, else its allocation, with a mark of whose it is in the upper byte.</summary>
    private ulong PlaceOf(in PageLook look, in MappedBlock block)
    {
        if (_options.Memory is not { } memory)
        {
            return 0;
        }

        FrameNumber frame =
            block.IsNew ? look.Pfns[block.FirstPage - look.First].Frame :
            block.IsOnDevice ? memory.Pagemap.FirstFrame + block.DevicePage :
            block.IsOnPeer ? memory.Peers!.FrameOf(block.PeerNumber, block.DevicePage) : default;
        return
            memory.TryGetDevicePage(frame, out _) ? memory.Pagemap.DataOf(frame) + 1 :
            memory.Peers?.Find(frame, out int number, out _) is { } peer ? ((ulong)(number + 1) << PeerPlaceShift) | peer.Pagemap.DataOf(frame) : 0;
    }

    /// <summary>Unmaps the blocks of some pages that lack some rights, which others are about to take the place of.</summary>
    /// <remarks>The device drops its entries from the first to the last of them: it is waited for once.</remarks>
    private void DropAndUnmap(SvmRange range, int first, int end, Protection rights)
    {
        ReadOnlySpan<MappedBlock> blocks = range.BlocksOf(first, end);
        int from = range.PageCount;
        int to = 0;
        foreach (ref readonly MappedBlock block in blocks)
        {
            if (!SvmRange.IsGood(block, rights))
            {
                from = Math.Min(from, block.FirstPage);
                to = block.EndPage;
            }
        }

        if (from >= to)
        {
            return;
        }

        Operations.DropEntries(range, range.AddressesOf(from, to));
        foreach (ref readonly MappedBlock block in blocks)
        {
            if (!SvmRange.IsGood(block, rights))
            {
                SvmRange.Unmap(block, _dma);
            }
        }
    }

    private void DropAndUnmap(SvmRange range)
    {
        if (range.HasMapping || range.HasLooseEntries)
        {
            Operations.DropEntries(range, range.Range);
            range.UnmapAll(_dma);
        }
    }

    private void UnmapNew(ReadOnlySpan<MappedBlock> blocks)
    {
        foreach (ref readonly MappedBlock block in blocks)
        {
            if (block.IsNew)
            {
                SvmRange.Unmap(block, _dma);
            }
        }
    }

    /// <summary>How much can be mapped as one from a page on: no more than the CPU does, than is missing, and than is aligned.</summary>
    /// <remarks>
    /// What is aligned in frames is so in addresses. Source: Linux drm_gpusvm_hmm_pfn_to_order, which came after memory outside of ranges
    /// had been mapped.
    /// </remarks>
    private static int OrderOf(ReadOnlySpan<HmmPfn> pfns) => Math.Min(
        BitOperations.Log2((uint)pfns[0].PagesOfBlock(pfns.Length)), BitOperations.TrailingZeroCount(pfns[0].Frame.Value));
}
