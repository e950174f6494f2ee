namespace GpuSvm.Driver;

/// <content>What was found becomes entries of the GPU: under the update lock, where what was found is true.</content>
internal sealed partial class BlockService
{
    private readonly PfnBuffer _buffer = new(HugePage.PageCount);
    private readonly PfnSpan[] _runs = new PfnSpan[HugePage.PageCount];

    /// <summary>
    /// Makes the entries, before the lock is taken, of pages of system memory that were found with the rights that are wanted: those count
    /// only once what was found is known to be true. What else there is to say about a page is left to <see cref="Encode"/>.
    /// </summary>
    private void EncodeAhead()
    {
        int next = 0;
        foreach (PageSpan span in _spans.AsSpan(0, _spanCount))
        {
            _entries.AsSpan(span.First, span.Count).Clear();
            for (; next < groups.Count && groups[next].Page < span.End; next++)
            {
                ref readonly PageGroup group = ref groups[next];
                HmmPfn found = _found[group.Page];
                if (group.State == PageState.Pending && group.Page >= span.First && found.IsValid && !IsOnDevice(found)
                    && (FaultRights.IsWrite(AccessOf(group)) || !IsAdvisedToBeDuplicated(group, found)))
                {
                    PfnEntry entry = EntryOf(found);
                    _entries[group.Page] = groups.IsEnoughFor(group, entry.Rights) ? entry : PfnEntry.None;
                }
            }
        }
    }

    private void MapFound(in MirrorInterval interval)
    {
        if (TryMapWhole(interval))
        {
            return;
        }

        int from = 0;
        foreach (PageSpan span in _spans.AsSpan(0, _spanCount))
        {
            while (groups[from].Page < span.First)
            {
                from++;
            }

            from = EncodeSpan(span, from);
        }

        MapRuns();
        foreach (ref PageGroup group in Groups)
        {
            if (group.State == PageState.Found && !_entries[group.Page].IsValid)
            {
                MapAgain(ref group);
            }
        }
    }

    /// <summary>Makes the entries of one span that there are none for yet.</summary>
    /// <param name="span">Its pages.</param>
    /// <param name="from">Number of its first group.</param>
    /// <returns>Number of the group behind its last.</returns>
    private int EncodeSpan(PageSpan span, int from)
    {
        int to = from;
        for (; to < groups.Count && groups[to].Page < span.End; to++)
        {
            ref PageGroup group = ref groups[to];
            if (group.State == PageState.Pending && _entries[group.Page].IsValid && !groups.IsGone(group))
            {
                group.State = PageState.Found;
            }
            else if (group.State == PageState.Pending)
            {
                _entries[group.Page] = PfnEntry.None;
                Encode(ref group);
            }
        }

        if (options.PagesPerFault > 1)
        {
            EncodeOthers(span, Groups[from..to]);
        }

        return to;
    }

    /// <summary>Settles the faults of the pages that were mapped; the update lock is free again.</summary>
    private void SettleMapped()
    {
        foreach (ref PageGroup group in Groups)
        {
            if (group.State == PageState.Found)
            {
                bool suffices = groups.IsEnoughFor(group, _entries[group.Page].Rights);
                Finish(ref group, suffices ? FaultResult.Resolved : FaultResult.Fatal(Errno.EPERM));
            }
        }
    }

    /// <summary>Makes the entry of a page that faulted, or says why there is none.</summary>
    private void Encode(ref PageGroup group)
    {
        HmmPfn found = _found[group.Page];
        FaultAccess access = AccessOf(group);
        if (groups.IsGone(group))
        {
            Finish(ref group, FaultResult.Gone);
        }
        else if (!found.IsValid && _errors[group.Page] == Errno.EXDEV && found.IsError && _client.DevicePages is not null)
        {
            group.State = PageState.WantedOnDevice;
        }
        else if (!found.IsValid)
        {
            // Only a prefetch asks for nothing; every other access gets its page or an error.
            Errno error = found.IsError ? _errors[group.Page] : Errno.EFAULT;
            Finish(ref group, access == FaultAccess.Prefetch ? FaultResult.Dropped : FaultResult.Fatal(error));
        }
        else if (FaultRights.IsWrite(access) && !found.IsWritable && IsOnDevice(found))
        {
            group.State = PageState.WantedHome;
        }
        else if (FaultRights.IsWrite(access) && !found.IsWritable)
        {
            Finish(ref group, FaultResult.Fatal(Errno.EPERM));
        }
        else if (!FaultRights.IsWrite(access) && IsAdvisedToBeDuplicated(group, found))
        {
            group.State = PageState.WantedDuplicate;
        }
        else if (EntryOf(found) is var entry && access == FaultAccess.Atomic && (entry.Rights & TranslationRights.Atomic) == 0)
        {
            // A page that the CPU does not reach, with a peer whose link has no atomics, cannot be taken where it is.
            group.State = _client.Mm.Frames.IsDevicePrivate(found.Frame) ? PageState.WantedHome : PageState.WantedAlone;
        }
        else
        {
            _entries[group.Page] = entry;
            group.State = PageState.Found;
            if (entry.IsVideoMemory || entry.IsPeerMemory)
            {
                _client.DevicePages!.Touched(found.Frame);
            }
        }
    }

    /// <summary>Where the CPU may write the GPU may: else the first store to a page that was read faults again. Atomics need more.</summary>
    private PfnEntry EntryOf(HmmPfn found)
    {
        if (_client.DevicePages is { } own && own.TryGetVideoAddress(found.Frame, out ulong address))
        {
            return PfnEntry.VideoMemory(address, FaultRights.NeededBy(found.IsWritable ? FaultAccess.Atomic : FaultAccess.Read));
        }

        if (_client.DevicePages is { } pages && pages.TryGetPeerAddress(found.Frame, out int peer, out address))
        {
            FaultAccess most = pages.PeerLink == PeerLink.Atomics ? FaultAccess.Atomic : FaultAccess.Write;
            return PfnEntry.Peer(peer, address, FaultRights.NeededBy(found.IsWritable ? most : FaultAccess.Read));
        }

        FaultAccess granted =
            !found.IsWritable ? FaultAccess.Read :
            options.SystemAtomics == SystemAtomics.Native ? FaultAccess.Atomic : FaultAccess.Write;
        return PfnEntry.Host(found.Frame, FaultRights.NeededBy(granted));
    }

    /// <summary>Makes entries for the pages around those that faulted that the CPU holds and the GPU does not.</summary>
    private void EncodeOthers(PageSpan span, ReadOnlySpan<PageGroup> faulted)
    {
        int next = 0;
        for (int page = span.First; page < span.End; page++)
        {
            if (next < faulted.Length && faulted[next].Page == page)
            {
                next++;
            }
            else if (_found[page].IsValid && IsAdvisedToComeAlong(page) && _client.Mirror.RightsOf(AddressOf(page)) == TranslationRights.None)
            {
                _entries[page] = EntryOf(_found[page]);
            }
        }
    }

    /// <summary>Maps each run of entries; one that names no page would take back what is mapped there.</summary>
    private void MapRuns()
    {
        int count = 0;
        foreach (PageSpan span in _spans.AsSpan(0, _spanCount))
        {
            for (int page = span.First; page < span.End; page++)
            {
                if (!_entries[page].IsValid)
                {
                    continue;
                }

                int first = page;
                while (page + 1 < span.End && _entries[page + 1].IsValid)
                {
                    page++;
                }

                _runs[count++] = new PfnSpan(first, page + 1 - first);
            }
        }

        ReadOnlySpan<PfnSpan> runs = _runs.AsSpan(0, count);
        _client.Mirror.MapRuns(Block.Start, _entries, runs, _buffer);
        foreach (PfnSpan run in runs)
        {
            foreach (PfnEntry entry in _entries.AsSpan(run.First, run.Count))
            {
                _tally.PagesMapped += entry.IsValid ? 1 : 0;
            }
        }
    }

    /// <summary>A page that came with others, and could not be had, may be had alone.</summary>
    private void MapAgain(ref PageGroup group)
    {
        int page = group.Page;
        _entries[page] = EntryOf(_found[page]);
        Errno error = _client.Mirror.Map(AddressOf(page), _entries.AsSpan(page, 1));
        if (_entries[page].IsValid)
        {
            _tally.PagesMapped++;
        }
        else
        {
            Finish(ref group, FaultResult.Fatal(error == Errno.None ? Errno.EFAULT : error));
        }
    }
}
