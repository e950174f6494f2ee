namespace GpuSvm.Svm;

/// <summary>Pages of a device that were taken for a move before it begins; what it does not use goes back. Used by one thread.</summary>
internal sealed class DeviceRoom(DeviceMemory memory)
{
    private readonly DeviceBlock[] _blocks = new DeviceBlock[HugePage.PageCount];
    private int _count;
    private int _current;
    private int _usedOfCurrent;

    /// <summary>Number of pages that are there to be used.</summary>
    public int PageCount { get; private set; }

    /// <summary>Takes more pages, until there are as many as wanted.</summary>
    /// <param name="pages">How many: at most 512.</param>
    /// <returns>False when the device has no more.</returns>
    public bool TryFill(int pages)
    {
        while (PageCount < pages)
        {
            if (memory.TryPopulate(pages - PageCount, out DeviceBlock block) != Errno.None)
            {
                return false;
            }

            _blocks[_count++] = block;
            PageCount += block.PageCount;
        }

        return true;
    }

    /// <summary>Uses 512 pages in one block.</summary>
    public bool TryTakeHuge(out DeviceBlock block)
    {
        bool isHuge = PageCount == HugePage.PageCount && _blocks[_current].Order == HugePage.Order;
        block = isHuge ? _blocks[_current] : default;
        if (isHuge)
        {
            _current++;
            PageCount = 0;
        }

        return isHuge;
    }

    /// <summary>Uses the next page.</summary>
    /// <param name="page">Its number.</param>
    /// <param name="begun">The block that it is the first of; null for another one.</param>
    public bool TryTake(out ulong page, out DeviceBlock? begun)
    {
        page = 0;
        begun = null;
        if (PageCount == 0)
        {
            return false;
        }

        DeviceBlock block = _blocks[_current];
        begun = _usedOfCurrent == 0 ? block : null;
        page = block.FirstPage + (ulong)_usedOfCurrent++;
        PageCount--;
        if (_usedOfCurrent == block.PageCount)
        {
            _usedOfCurrent = 0;
            _current++;
        }

        return true;
    }

    /// <summary>Gives back what was not used.</summary>
    public void GiveBack()
    {
        while (_usedOfCurrent > 0 && TryTake(out ulong page, out _))
        {
            memory.GiveBack(new DeviceBlock(page, 0));
        }

        for (; _current < _count; _current++)
        {
            memory.GiveBack(_blocks[_current]);
        }

        (_count, _current, PageCount) = (0, 0, 0);
    }
}
