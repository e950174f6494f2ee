using System.Numerics;

namespace GpuSvm.Driver;

/// <content>One try to bind a range.</content>
internal sealed partial class RangeService
{
    /// <summary>Times that pages which must be on the device may be away again, before they are judged one by one.</summary>
    private const int MostDepartures = 3;

    private readonly PfnEntry[] _entries = new PfnEntry[HugePage.PageCount];

    private Step Try(SvmRange range, in RangeRequest request, ref RangeTries tries)
    {
        bool moves = tries.MustMove || tries.Moves < MostMoves(request, tries);
        if (TryBindValid(range, request, ref moves))
        {
            return Step.Bound;
        }

        if (moves)
        {
            Move(range, TimesliceOf(request, tries));
            tries.Moves++;
            tries.MustMove = false;
        }
        else if (request.ComesHome && !tries.IsSentHome)
        {
            tries.IsSentHome = true;
            _ = _ranges.Space.Evict(range);
        }

        switch (_ranges.Space.GetPages(range, request.Context))
        {
            case Errno.None when TryBind(range, request):
                return Step.Bound;

            case Errno.None:
                _tally.Retries++;
                return Step.Again;

            case Errno.EOPNOTSUPP when !tries.IsSentHome:
                tries.IsSentHome = true;
                _tally.SentHome++;
                SendHome(range, request);
                return Step.Again;

            case Errno.EXDEV:
                return MoveFirst(ref tries);

            case Errno.EFAULT or Errno.EPERM:
                return LookAgain(range, request, ref tries);

            case Errno.EBUSY:
                return Step.Defer;

            default:
                return Step.Leave;
        }
    }

    /// <summary>
    /// A range that is gone or was cut is found anew; another one is looked at once more, as the CPU's mappings may have changed, or as often
    /// as it may be moved, if that is what was in vain.
    /// </summary>
    private Step LookAgain(SvmRange range, in RangeRequest request, ref RangeTries tries)
    {
        if (IsGone(range))
        {
            return Step.Again;
        }

        bool isTriedAgain = request.IsDeviceOnly ? tries.Moves < options.Ranges.AtomicTries : tries.Failures++ == 0;
        return isTriedAgain ? Step.Again : Step.Leave;
    }

    /// <summary>
    /// Pages that can be used on the device only, and are not there or not any more, are moved whatever the policy says; what does not find
    /// room as a whole is moved page by page.
    /// </summary>
    private static Step MoveFirst(ref RangeTries tries)
    {
        bool isTriedAgain = tries.Departures++ < MostDepartures;
        tries.MustMove = true;
        return isTriedAgain ? Step.Again : Step.Leave;
    }

    private bool IsGone(SvmRange range)
    {
        using (_client.Mirror.UpdateLock.Enter())
        {
            return range.IsUnmapped || range.IsRemoved;
        }
    }

    /// <summary>Moves a range whose history says so already.</summary>
    private void Move(SvmRange range, TimeSpan timeslice)
    {
        DeviceMigrationResult moved = _ranges.Space.MigrateToDevice(range, options.Ranges.Movement, timeslice);
        using (_client.Mirror.UpdateLock.Enter())
        {
            HistoryOf(range).EndMove(moved.Pages);
        }

        _tally.Moves += moved.Pages > 0 ? 1 : 0;
        _tally.FailedMoves += moved.Pages == 0 ? 1 : 0;
    }

    private static RangeHistory HistoryOf(SvmRange range) => (RangeHistory)range.Data!;

    /// <summary>Binds a range whose pages are valid where they are to be: then nothing is moved or looked up.</summary>
    /// <param name="range">The range.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="moves">Whether it is to move; on return whether it moves now: its history says so, too.</param>
    private bool TryBindValid(SvmRange range, in RangeRequest request, ref bool moves)
    {
        using (_client.Mirror.UpdateLock.Enter())
        {
            bool isThere = !moves || (request.IsDeviceOnly ? range.IsOnDevice : range.HasDevicePages);
            isThere &= !request.ComesHome || IsHome(range);
            if (!isThere || !_ranges.Space.ArePagesValid(range, request.Context.Rights))
            {
                moves &= !range.IsUnmapped && !range.IsRemoved;
                if (moves)
                {
                    HistoryOf(range).BeginMove();
                }

                return false;
            }

            _tally.BoundAsTheyWere++;
            BindLocked(range);
            return true;
        }
    }

    /// <summary>True if all mapped pages lie in system memory: neither in the device's own nor in a peer's.</summary>
    private static bool IsHome(SvmRange range)
    {
        foreach (ref readonly MappedBlock block in range.Blocks)
        {
            if (block.System is null)
            {
                return false;
            }
        }

        return true;
    }

    private bool TryBind(SvmRange range, in RangeRequest request)
    {
        options.Ranges.BeforeBind?.Invoke();
        using (_client.Mirror.UpdateLock.Enter())
        {
            bool isValid = _ranges.Space.ArePagesValid(range, request.Context.Rights) || (Breaks.RangeBoundUnasked && range.HasMapping);
            if (isValid)
            {
                BindLocked(range);
            }

            return isValid;
        }
    }

    /// <summary>Enters the pages of a range in the GPU's page table, and settles the faults that this serves.</summary>
    private void BindLocked(SvmRange range)
    {
        int count = (int)range.Range.PageCount;
        ReadOnlySpan<MappedBlock> blocks = range.Blocks;
        PfnEntry? whole = null;
        if (blocks[0].Order == HugePage.Order)
        {
            whole = BindHuge(range, blocks[0]);
        }
        else
        {
            Span<PfnEntry> entries = _entries.AsSpan(groups.IndexOf(range.Range.Start), count);
            Encode(blocks, entries);
            _pagesMapped += _client.Mirror.Map(range.Range.Start, entries) == Errno.None ? count : CountValid(entries);
        }

        NoteUse(range);
        _tally.Bound[BitOperations.Log2((uint)count)]++;
        Settle(range, whole);
    }

    /// <summary>Tells the device's memory which of its pages were used; for neighbours it is one word that it compares.</summary>
    private void NoteUse(SvmRange range)
    {
        if (!range.HasDevicePages)
        {
            return;
        }

        foreach (ref readonly MappedBlock block in range.Blocks)
        {
            if (block.IsOnDevice)
            {
                _client.DevicePages!.Touched(_ranges.Memory!.Pagemap.FirstFrame + block.DevicePage);
            }
        }
    }

    /// <summary>Enters a range that is one page.</summary>
    /// <returns>The entry of its first 4 KiB; none if it could not be entered.</returns>
    private PfnEntry BindHuge(SvmRange range, in MappedBlock block)
    {
        PfnEntry entry = EntryOf(block);
        PfnEntry entered = entry;
        if (_client.Mirror.MapHuge(range.Range.Start, new Span<PfnEntry>(ref entered)) != Errno.None || !entered.IsValid)
        {
            return default;
        }

        _pagesMapped += HugePage.PageCount;
        _hugePagesMapped++;
        return entry;
    }

    private static int CountValid(ReadOnlySpan<PfnEntry> entries)
    {
        int count = 0;
        foreach (PfnEntry entry in entries)
        {
            count += entry.IsValid ? 1 : 0;
        }

        return count;
    }

    private void Encode(ReadOnlySpan<MappedBlock> blocks, Span<PfnEntry> entries)
    {
        // Of blocks that are alike the address is what differs, and from page to page.
        ref readonly MappedBlock like = ref blocks[0];
        ulong rest = RestOf(like);
        foreach (ref readonly MappedBlock block in blocks)
        {
            if (!block.IsLike(like))
            {
                like = ref block;
                rest = RestOf(like);
            }

            ulong bits = rest | AddressOf(block);
            if (block.Order == 0)
            {
                entries[block.FirstPage] = new PfnEntry(bits);
                continue;
            }

            foreach (ref PfnEntry entry in entries.Slice(block.FirstPage, block.PageCount))
            {
                entry = new PfnEntry(bits);
                bits += Page.Size;
            }
        }
    }

    private static ulong AddressOf(in MappedBlock block) => block.System is { } address ? address.Value : block.DevicePage << Page.Shift;

    private ulong RestOf(in MappedBlock block) => EntryOf(block).Bits & Page.OffsetMask;

    private PfnEntry EntryOf(in MappedBlock block)
    {
        bool writes = (block.Rights & Protection.Write) != 0;
        if (block.IsOnPeer)
        {
            FaultAccess most = _client.DevicePages!.PeerLink == PeerLink.Atomics ? FaultAccess.Atomic : FaultAccess.Write;
            return PfnEntry.Peer(block.PeerNumber, block.DevicePage << Page.Shift, FaultRights.NeededBy(writes ? most : FaultAccess.Read));
        }

        if (block.System is not { } address)
        {
            return PfnEntry.VideoMemory(
                block.DevicePage << Page.Shift, FaultRights.NeededBy(writes ? FaultAccess.Atomic : FaultAccess.Read));
        }

        FaultAccess granted =
            !writes ? FaultAccess.Read :
            options.SystemAtomics == SystemAtomics.Native ? FaultAccess.Atomic : FaultAccess.Write;
        return PfnEntry.Bus(address, FaultRights.NeededBy(granted));
    }

    /// <summary>After the binding: what a page could not be entered for, or needs more, is left to be served by itself.</summary>
    /// <param name="range">The range.</param>
    /// <param name="whole">The one entry of all its pages; null where each has its own.</param>
    private void Settle(SvmRange range, PfnEntry? whole)
    {
        FaultResult result = FaultResult.Resolved;
        foreach (ref PageGroup group in GroupsIn(range))
        {
            TranslationRights rights = (whole ?? _entries[group.Page]).Rights;
            if (group.State == PageState.Pending && groups.IsEnoughFor(group, rights))
            {
                groups.Finish(ref group, result);
                result = FaultResult.Skipped;
            }
        }
    }
}
