using System.Runtime.CompilerServices;

namespace GpuSvm.Gpu;

/// <summary>
/// One SM's way to memory for one channel: its uTLB, the IOMMU and the video memory behind it, and what happens when the uTLB misses.
/// </summary>
/// <remarks>One thread at a time uses a port: the one that executes its SM. Any thread drops entries of the uTLB.</remarks>
internal sealed unsafe class SmPort
{
    /// <summary>How often a fill may be overtaken by a flush before the access counts as faulted.</summary>
    private const int FillAttempts = 64;

    /// <summary>What an access reaches that reaches no memory.</summary>
    private const ulong NoTarget = ulong.MaxValue;

    private const ulong DirectionMask = Iommu.ReadRight | Iommu.WriteRight;

    // SAFETY: all three point into reservations that the device keeps until all its threads have ended.
    private readonly byte* _memory;
    private readonly ulong* _iommu;
    private readonly ulong _iommuPages;
    private readonly byte* _video;
    private readonly ulong _videoPages;
    private readonly PeerWindow _peers;
    private readonly Channel _channel;
    private readonly AccessCounters? _accesses;
    private PortCounters _counters;

    internal SmPort(
        Channel channel, SystemMemory memory, Iommu iommu, VideoMemory video, PeerWindow peers, FaultUnit faults, AccessCounterBuffer? counters)
    {
        _channel = channel;
        _memory = memory.Base;
        _iommu = iommu.Table;
        _iommuPages = iommu.PageCount;
        _video = video.Base;
        _videoPages = video.PageCount;
        _peers = peers;
        Faults = faults;
        _accesses = counters is null ? null : new AccessCounters(counters, channel.Instance);
    }

    /// <summary>The uTLB, with the mark of the access in flight.</summary>
    internal TranslationCache Tlb { get; } = new();

    /// <summary>Where faults are reported.</summary>
    internal FaultUnit Faults { get; }

    /// <summary>Faults that the driver cancels.</summary>
    internal CancelMailbox Cancels { get; } = new();

    /// <summary>The launch that uses the port now.</summary>
    internal Launch? Launch { get; set; }

    internal ref readonly PortCounters Counters => ref _counters;

    /// <summary>Finds the word at an address by uTLB and IOMMU alone. Inside an access.</summary>
    /// <param name="address">The address.</param>
    /// <param name="rights">What the access needs.</param>
    /// <param name="size">Size of the word in bytes.</param>
    /// <param name="word">The word, in system memory or in the GPU's own.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryReach(ulong address, TranslationRights rights, uint size, out byte* word)
    {
        if (Tlb.TryTranslate(address, rights, size, out ulong target))
        {
            return TryPass(target, address, rights, out word);
        }

        word = null;
        return false;
    }

    internal void CountMiss() => _counters.Misses++;

    internal void CountPrefetch() => _counters.Prefetches++;

    internal void CountStaleCancel() => _counters.StaleCancels++;

    /// <summary>Counts the cancels that came for an SM which has nothing to run any more.</summary>
    internal void DropCancels()
    {
        for (CancelRequest? request = Cancels.Take(); request is not null; request = request.Next)
        {
            CountStaleCancel();
        }
    }

    /// <summary>Tries an access with all that the hardware has: uTLB, shared TLB, walk.</summary>
    internal AccessOutcome TryComplete(ref PendingAccess access)
    {
        if ((access.Address & (access.Size - 1u)) != 0)
        {
            return Stop(access, $"the address is not a multiple of the access size {access.Size}", Errno.EINVAL);
        }

        access.ReplayEpoch = Faults.Signals.ReplayEpoch;
        for (int attempt = 0; attempt < FillAttempts; attempt++)
        {
            _counters.SlowPasses++;
            Tlb.BeginAccess();
            Step step = TryOnce(ref access, out ulong target);
            Tlb.EndAccess();
            switch (step)
            {
                case Step.Done:
                    CountAccess(access.Address, target);
                    return AccessOutcome.Done;
                case Step.Overtaken:
                    break;
                case Step.Faulted:
                    return AccessOutcome.Faulted;
                case Step.Stopped:
                    return AccessOutcome.Stopped;
                case Step.UnsupportedAperture:
                    return Stop(access, "the page lies in memory that the GPU does not reach (UnsupportedAperture)", Errno.EOPNOTSUPP);
                default:
                    _counters.IommuFaults++;
                    return Stop(access, $"the IOMMU does not let it pass to {new DeviceAddress(target)}", Errno.EIO);
            }
        }

        access.Fault = FaultType.Pte;
        return AccessOutcome.Faulted;
    }

    /// <summary>Looks a device address up in the IOMMU, which is asked for every access to system memory; video memory, be it a peer's, lies behind none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPass(ulong target, ulong address, TranslationRights rights, out byte* word)
    {
        unchecked
        {
            ulong page = target >> Page.Shift;
            if (page < _iommuPages)
            {
                // SAFETY: the page number was compared with the length of the table.
                // Not by SharedWord, whose parameter costs an instruction here: a hit pays for each.
                SchedulePoint.Reach(SchedulePointKind.Word);
                ulong entry = Volatile.Read(ref _iommu[page]);
                ulong needed = (ulong)rights & DirectionMask;
                if ((entry & needed) == needed)
                {
                    // SAFETY: the IOMMU's entries hold frames of this memory only.
                    word = _memory + (entry & ~Page.OffsetMask) + (address & Page.OffsetMask);
                    return true;
                }
            }
            else if (page - VideoMemory.WindowPage < _videoPages)
            {
                // SAFETY: the page number was compared with the size of the memory.
                word = _video + (target - (VideoMemory.WindowPage << Page.Shift)) + (address & Page.OffsetMask);
                return true;
            }

            return TryPassToPeer(page, address, out word);
        }
    }

    private bool TryPassToPeer(ulong page, ulong address, out byte* word)
    {
        bool isReached = _peers.TryReach(page, out byte* at);

        // SAFETY: an offset inside of the page that was found.
        word = isReached ? at + (address & Page.OffsetMask) : null;
        return isReached;
    }

    /// <summary>One try, inside an access: nothing here waits.</summary>
    private Step TryOnce(ref PendingAccess access, out ulong target)
    {
        long sequence = Tlb.Sequence;
        target = 0;
        if (Launch is not { IsStopped: false })
        {
            return Step.Stopped;
        }

        if (!Tlb.TryTranslate(access.Address, access.Rights, access.Size, out target))
        {
            if (_channel.Domain is not { } domain)
            {
                access.Fault = FaultType.UnboundInstanceBlock;
                return Step.Faulted;
            }

            Translation found = Translate(domain, access);
            Step step = Check(found, ref access);
            if (step != Step.Done || found.Kind == TranslationKind.Sparse)
            {
                target = NoTarget;
                return step;
            }

            target = found.Target;
            if (!Tlb.Fill(access.Address, found.Rights, target, sequence))
            {
                return Step.Overtaken;
            }
        }

        if (!TryPass(target, access.Address, access.Rights, out byte* word))
        {
            return Step.IommuFault;
        }

        // SAFETY: TryPass gave a word inside a frame; alignment was checked before.
        access.Perform(ref *word);
        return Step.Done;
    }

    /// <summary>Counts an access that the SM's own TLB did not translate. Outside of the access: a notification takes a lock.</summary>
    private void CountAccess(ulong address, ulong target)
    {
        if (_accesses is null || target == NoTarget)
        {
            return;
        }

        if (target >> Page.Shift < VideoMemory.WindowPage)
        {
            _accesses.CountOther(address);
        }
        else
        {
            _accesses.CountVideo(Page.AlignDown(target) - (VideoMemory.WindowPage << Page.Shift) + (address & Page.OffsetMask));
        }
    }

    private Translation Translate(TranslationDomain domain, in PendingAccess access)
    {
        if (domain.Walker.TryTranslate(access.Address, access.Rights, out TranslationRights rights, out ulong target))
        {
            _counters.SecondLevelHits++;
            return Translation.Page(rights, target);
        }

        _counters.SecondLevelMisses++;
        _counters.Walks++;
        return domain.Walker.Walk(access.Address);
    }

    /// <summary>Compares what was found with what the access needs.</summary>
    private static Step Check(in Translation found, ref PendingAccess access)
    {
        switch (found.Kind)
        {
            case TranslationKind.Sparse:
                access.Result = 0;
                return Step.Done;
            case TranslationKind.UnsupportedAperture:
                return Step.UnsupportedAperture;
            case TranslationKind.Fault:
                access.Fault = found.Fault;
                return Step.Faulted;
            default:
                break;
        }

        TranslationRights missing = access.Rights & ~found.Rights;
        if (missing == TranslationRights.None)
        {
            return Step.Done;
        }

        access.Fault = (missing & TranslationRights.Write) != 0 ? FaultType.ReadOnlyViolation : FaultType.AtomicViolation;
        return Step.Faulted;
    }

    private AccessOutcome Stop(in PendingAccess access, string reason, Errno error)
    {
        _channel.Stop(new GpuFaultReport(access.Address, access.Access, reason, error));
        return AccessOutcome.Stopped;
    }

    private enum Step : byte
    {
        Done,
        Overtaken,
        Faulted,
        Stopped,
        IommuFault,
        UnsupportedAperture,
    }
}
