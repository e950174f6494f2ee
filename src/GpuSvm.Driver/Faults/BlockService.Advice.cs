namespace GpuSvm.Driver;

/// <content>What the program has said of the pages of a block.</content>
internal sealed partial class BlockService
{
    private MemoryAdvice _advice;
    private AddressRange _advised;

    /// <summary>One look-up does for a block that is advised as a whole, or not at all.</summary>
    private void ReadAdvice() => _advice = _client.Advice.At(Block.Start, out _advised);

    private MemoryAdvice AdviceOf(int page)
    {
        VirtualAddress address = AddressOf(page);
        if (!_advised.Contains(address))
        {
            _advice = _client.Advice.At(address, out _advised);
        }

        return _advice;
    }

    /// <summary>
    /// Moves what prefers one of the two memories and lies in the other: all of the block that was advised alike; once, whatever becomes of it.
    /// </summary>
    public void MoveAsAdvised()
    {
        _client = groups.Client;
        ReadAdvice();
        if (_client.DevicePages is not { } own || (_advised.Contains(Block) && !PrefersAPlace(_advice)))
        {
            return;
        }

        VirtualAddress looked = Block.Start;
        foreach (ref readonly PageGroup group in Groups)
        {
            VirtualAddress page = AddressOf(group.Page);
            if (group.State != PageState.Pending || page < looked || AccessOf(group) == FaultAccess.Prefetch || !PrefersAPlace(AdviceOf(group.Page)))
            {
                continue;
            }

            CpuPte pte = _client.Mm.PageTable.Read(page);
            bool comesHome = _advice == MemoryAdvice.PreferHost;
            bool isHere = pte.NamesFrame && own.TryGetVideoAddress(pte.Frame, out _);
            bool isAway = isHere || (pte.NamesFrame && own.TryGetPeerAddress(pte.Frame, out _, out _));
            if (comesHome ? isAway : !isHere)
            {
                AddressRange range = _client.Mirror.MirroredAround(page, Block.Intersect(_advised));
                _ = comesHome ? own.CallHome(_client.Mm, range, pte.Frame) : own.MoveToDevice(_client.Mm, range);
                looked = range.End;
            }
        }
    }

    private static bool PrefersAPlace(MemoryAdvice advice) => advice is MemoryAdvice.PreferHost or MemoryAdvice.PreferDevice;

    private bool IsAdvisedToBeDuplicated(in PageGroup group, HmmPfn found) =>
        !group.IsInPlace && AdviceOf(group.Page) == MemoryAdvice.ReadMostly && _client.DevicePages is not null && !IsOnDevice(found);

    /// <summary>True if a page that nobody faulted on may be mapped where it is: it needs no fault of its own to be moved or duplicated.</summary>
    private bool IsAdvisedToComeAlong(int page) => MayLieWhere(_found[page], AdviceOf(page));

    /// <summary>True if a block may be mapped as it is: all of it is advised alike, to lie where it lies.</summary>
    private bool IsAdvisedToLieWhole(HmmPfn found) => MayLieWhere(found, AdviceOf(0)) && _advised.Contains(Block);

    private bool MayLieWhere(HmmPfn found, MemoryAdvice advice) => advice switch
    {
        MemoryAdvice.PreferHost => !IsOnDevice(found),
        MemoryAdvice.ReadMostly => _client.DevicePages is null || IsOnDevice(found),
        _ => true,
    };
}
