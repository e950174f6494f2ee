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

    /// <summary>Moves to the device's memory what is to live there, all of the block that was advised alike; once, whatever becomes of it.</summary>
    public void MoveAsAdvised()
    {
        _client = groups.Client;
        ReadAdvice();
        if (_client.DevicePages is not { } own)
        {
            return;
        }

        VirtualAddress looked = Block.Start;
        foreach (ref readonly PageGroup group in Groups)
        {
            VirtualAddress page = AddressOf(group.Page);
            if (group.State != PageState.Pending || page < looked || AdviceOf(group.Page) != MemoryAdvice.PreferDevice)
            {
                continue;
            }

            CpuPte pte = _client.Mm.PageTable.Read(page);
            if (AccessOf(group) != FaultAccess.Prefetch && !(pte.NamesFrame && own.TryGetVideoAddress(pte.Frame, out _)))
            {
                AddressRange range = _client.Mirror.MirroredAround(page, Block.Intersect(_advised));
                _ = own.MoveToDevice(_client.Mm, range);
                looked = range.End;
            }
        }
    }

    private bool IsAdvisedHome(in PageGroup group) => !group.IsInPlace && AdviceOf(group.Page) == MemoryAdvice.PreferHost;

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
