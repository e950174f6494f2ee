using System.Buffers;

namespace GpuSvm.Svm;

/// <content>The pages of a range.</content>
public sealed partial class SvmSpace
{
    /// <summary>
    /// Brings the pages of a range in, and maps them for the device: those in system memory for DMA, its own where they are.
    /// </summary>
    /// <param name="range">A range of this space.</param>
    /// <param name="context">
    /// For all but <see cref="SvmContext.CheckPagesThreshold"/> and <see cref="SvmContext.IsDeviceMemoryPossible"/>.
    /// </param>
    /// <returns>
    /// EFAULT: a part of the range is not mapped any more, cannot be had, or lies in system memory though only the device's will do. EPERM:
    /// a write is asked for, and a part may only be read. EOPNOTSUPP: pages lie in different places and that is not wanted, or one of the
    /// device's own may not be written yet: <see cref="Evict"/> brings them home, then it can be tried again. EBUSY: the pages have changed
    /// again and again until <see cref="SvmSpaceOptions.RetryLimit"/>. ENOMEM, and what <see cref="IDmaMapper.TryMap"/> says. After an
    /// error no page was mapped that was not before.
    /// </returns>
    /// <remarks>
    /// <para>
    /// By the time it returns the pages may be invalid again: what counts is <see cref="ArePagesValid"/> under the notifier lock. Blocks
    /// that are valid with the rights that are asked for are left alone, and the device's entries for them stay good: only what is missing
    /// is brought in. For more rights the device's entries are dropped, as its addresses change. Allocates nothing for a range that had its
    /// pages before.
    /// </para>
    /// <para>
    /// Locking: takes the mmap lock shared; no lock from that on is held. Departure: a DMA mapping that fails is told as it is, not as
    /// EFAULT, at which a fault handler tries again. Source: Linux drm_gpusvm_range_get_pages.
    /// </para>
    /// </remarks>
    public Errno GetPages(SvmRange range, in SvmContext context)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        Deadline deadline = Mm.Clock.After(_options.RetryLimit);
        MappedBlock[] spare = [];
        do
        {
            if (!range.Notifier.Interval.TryReadBegin(deadline, out long sequence))
            {
                return Errno.EBUSY;
            }

            Errno error;
            int first;
            int end;
            using (NotifierLock.Enter())
            {
                if (IsSettled(range, context, out error, out first, out end))
                {
                    return error;
                }
            }

            error = TryGetPages(range, sequence, first, end, context, ref spare);
            if (error is not (Errno.EBUSY or Errno.EAGAIN))
            {
                return error;
            }
        }
        while (!deadline.HasPassed);

        return Errno.EBUSY;
    }

    /// <summary>Brings pages of a range that lie in the device's own memory home, and those in another's private memory, and all others in.</summary>
    /// <returns>
    /// EFAULT: a part is not mapped any more, or cannot be had; those before it are home. EBUSY: a page that the CPU reaches in the device's
    /// memory is held there by somebody, or the pages have changed until <see cref="SvmSpaceOptions.RetryLimit"/>. ENOMEM.
    /// </returns>
    /// <remarks>
    /// So afterwards they lie in one place, for a context that wants that. Pages of another device that the CPU can reach stay: they count
    /// as system memory. Locking: as <see cref="GetPages"/>. Source: Linux drm_gpusvm_range_evict, which leaves all pages that the CPU can
    /// reach, so that who asks again finds them where they were.
    /// </remarks>
    public Errno Evict(SvmRange range)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        Deadline deadline = Mm.Clock.After(_options.RetryLimit);
        do
        {
            // A touch brings only those home that the CPU cannot reach.
            if (_options.Memory is { Pagemap.Kind: DevicePageKind.Coherent } memory)
            {
                memory.MigrateToSystem(Mm, range.Range);
            }

            if (!range.Notifier.Interval.TryReadBegin(deadline, out long sequence))
            {
                return Errno.EBUSY;
            }

            if (IsRemoved(range))
            {
                return Errno.EFAULT;
            }

            Errno error = TryEvict(range, sequence, out bool isHeld);
            if (error != Errno.EBUSY || isHeld)
            {
                return error;
            }
        }
        while (!deadline.HasPassed);

        return Errno.EBUSY;
    }

    /// <summary>
    /// True if the pages of a range are mapped with some rights, and nothing has changed since: the device may be given them.
    /// </summary>
    /// <param name="range">A range of this space.</param>
    /// <param name="rights">What the device is to be allowed.</param>
    /// <remarks>
    /// Locking: the notifier lock is held, and kept until the device's entries are written. Source: Linux drm_gpusvm_range_pages_valid,
    /// which does not ask for rights.
    /// </remarks>
    public bool ArePagesValid(SvmRange range, Protection rights)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        return range.ArePagesValid(rights);
    }

    /// <summary>Takes the mappings of a range back, outside of a callback; the device's entries are dropped first.</summary>
    /// <remarks>Locking: takes the notifier lock. Source: Linux drm_gpusvm_range_unmap_pages.</remarks>
    public void UnmapPages(SvmRange range)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        using (NotifierLock.Enter())
        {
            DropAndUnmap(range);
        }
    }

    /// <summary>
    /// Takes the mappings that an invalidation touches back, in its callback: no access of the device can complete through an entry any more.
    /// </summary>
    /// <param name="range">A range of this space.</param>
    /// <param name="invalidation">The invalidation: the blocks that <see cref="SvmNotifier.EntriesOf"/> tells of go.</param>
    /// <remarks>
    /// For a driver that waits for its device in the first pass; for others it happens after the second. Locking: the notifier lock is
    /// held. Source: Linux drm_gpusvm_range_unmap_pages, in_notifier.
    /// </remarks>
    public void UnmapPagesLocked(SvmRange range, in Invalidation invalidation)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        NotifierLock.AssertHeld();
        range.UnmapIn(PartOf(range, invalidation), _dma);
    }

    /// <summary>One try.</summary>
    private Errno TryGetPages(in PageLook look, in SvmContext context, Span<MappedBlock> blocks, ref MappedBlock[] spare)
    {
        HmmPfn request = context.IsReadOnly ? HmmPfn.RequestFault : HmmPfn.RequestFault | HmmPfn.RequestWrite;
        Errno error = LookUp(look, request, _options.Memory?.Owner);
        if (error != Errno.None)
        {
            return error;
        }

        error = TryMap(look, context, blocks, spare, out int needed);
        if (needed == 0)
        {
            return error;
        }

        // Outside of the lock, where memory may be waited for.
        if (!MayAllocate())
        {
            return Errno.ENOMEM;
        }

        spare = new MappedBlock[needed];
        return TryMap(look, context, blocks, spare, out _);
    }

    /// <summary>Takes words for some pages of a range and room for their blocks, and makes a try.</summary>
    private Errno TryGetPages(SvmRange range, long sequence, int first, int end, in SvmContext context, ref MappedBlock[] spare)
    {
        if (!MayAllocate())
        {
            return Errno.ENOMEM;
        }

        HmmPfn[] words = ArrayPool<HmmPfn>.Shared.Rent(end - first);
        MappedBlock[] blocks = ArrayPool<MappedBlock>.Shared.Rent(end - first);
        try
        {
            return TryGetPages(new PageLook(range, sequence, first, words.AsSpan(0, end - first)), context, blocks, ref spare);
        }
        finally
        {
            ArrayPool<MappedBlock>.Shared.Return(blocks);
            ArrayPool<HmmPfn>.Shared.Return(words);
        }
    }

    private Errno TryEvict(SvmRange range, long sequence, out bool isHeld)
    {
        isHeld = false;
        if (!TryRent(range.Range, out HmmPfn[] words))
        {
            return Errno.ENOMEM;
        }

        try
        {
            Span<HmmPfn> pfns = words.AsSpan(0, range.PageCount);
            Errno error = LookUp(new PageLook(range, sequence, 0, pfns), HmmPfn.RequestFault, owner: null);
            isHeld = error == Errno.None && IsAnyOnDevice(pfns);
            return isHeld ? Errno.EBUSY : error;
        }
        finally
        {
            ArrayPool<HmmPfn>.Shared.Return(words);
        }
    }

    private bool IsAnyOnDevice(ReadOnlySpan<HmmPfn> pfns)
    {
        foreach (HmmPfn pfn in pfns)
        {
            if (_options.Memory is { } memory && memory.TryGetDevicePage(pfn.Frame, out _))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes an array with a word for each page, or more.</summary>
    private bool TryRent(AddressRange range, out HmmPfn[] words)
    {
        bool isGiven = MayAllocate();
        words = isGiven ? ArrayPool<HmmPfn>.Shared.Rent((int)range.PageCount) : [];
        return isGiven;
    }

    private Errno LookUp(in PageLook look, HmmPfn request, object? owner)
    {
        var asked = new HmmRange
        {
            Notifier = look.Range.Notifier.Interval,
            Sequence = look.Sequence,
            Range = look.Addresses,
            DefaultFlags = request,
            Pfns = look.Pfns,
            Owner = owner,
        };
        using (Mm.MmapLock.EnterShared())
        {
            return HmmRangeFault.Fault(Mm, ref asked);
        }
    }

    /// <summary>
    /// True if there is nothing to look up: the range is gone (EFAULT), or its pages are good. Else tells the first that is not, and the one
    /// behind the last. Notifier lock held.
    /// </summary>
    private static bool IsSettled(SvmRange range, in SvmContext context, out Errno error, out int first, out int end)
    {
        (first, end) = (0, 0);
        error =
            range.IsGone || (context.IsDeviceMemoryOnly && range.ArePagesValid(context.Rights) && range.DevicePages < range.PageCount)
            ? Errno.EFAULT
            : Errno.None;
        if (error == Errno.None)
        {
            (first, end) = range.Missing(context.Rights);
        }

        return first == end;
    }

    private bool IsRemoved(SvmRange range)
    {
        using (NotifierLock.Enter())
        {
            return range.IsRemoved;
        }
    }
}
