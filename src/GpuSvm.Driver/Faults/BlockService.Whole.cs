namespace GpuSvm.Driver;

/// <content>Blocks that the CPU maps by one entry are mapped by one entry.</content>
internal sealed partial class BlockService
{
    /// <summary>True if it looks as if the CPU maps the block by one entry: then all of it is to be guarded.</summary>
    private bool IsHugeForTheCpu()
    {
        CpuPte entry = _client.Mm.PageTable.Read(AddressOf(groups[0].Page));
        return entry.IsHuge && _client.Mirror.Mirrors(Block);
    }

    /// <summary>True if a look-up has brought in a page of 2 MiB, and the interval does not guard all of it: acquire once more.</summary>
    private bool MustAcquireWhole(in MirrorInterval interval)
    {
        if (_wantsWhole || _found[_spans[0].First].Order != HugePage.Order || interval.Range.Contains(Block))
        {
            return false;
        }

        _wantsWhole = _client.Mirror.Mirrors(Block);
        return _wantsWhole;
    }

    /// <summary>Maps the whole block by one entry, if the CPU does and the interval guards all of it.</summary>
    /// <returns>False if nothing was done. Faults that need more rights than the page has are left to wait.</returns>
    private bool TryMapWhole(in MirrorInterval interval)
    {
        int first = _spans[0].First;
        HmmPfn found = _found[first];
        bool isWhole = found.Order == HugePage.Order && (found.Frame.Value & (HugePage.PageCount - 1)) == (ulong)first;
        if (!isWhole || !IsAdvisedToLieWhole(found) || !interval.Guards(Block) || !_client.Mirror.Mirrors(Block))
        {
            return false;
        }

        PfnEntry entry = EntryOf(new HmmPfn(found.Bits - (ulong)first));
        if (!HugePage.IsAligned(entry.Address) || !IsEnoughForAny(entry.Rights))
        {
            return false;
        }

        PfnEntry whole = entry;
        if (_client.Mirror.MapHuge(Block.Start, new Span<PfnEntry>(ref whole)) != Errno.None || !whole.IsValid)
        {
            return false;
        }

        _tally.PagesMapped += HugePage.PageCount;
        _tally.HugePagesMapped++;
        FaultResult result = FaultResult.Resolved;
        foreach (ref PageGroup group in Groups)
        {
            if (group.State == PageState.Pending && groups.IsEnoughFor(group, entry.Rights))
            {
                Finish(ref group, result);
                result = FaultResult.Skipped;
            }
        }

        return true;
    }

    /// <summary>True unless no fault gained by the whole page, or one of them wants its page alone: that would split it at once.</summary>
    private bool IsEnoughForAny(TranslationRights rights)
    {
        bool isEnough = false;
        foreach (ref readonly PageGroup group in Groups)
        {
            if (group.State == PageState.Pending)
            {
                if (AccessOf(group) == FaultAccess.Atomic && (rights & TranslationRights.Atomic) == 0)
                {
                    return false;
                }

                isEnough |= groups.IsEnoughFor(group, rights);
            }
        }

        return isEnough;
    }
}
