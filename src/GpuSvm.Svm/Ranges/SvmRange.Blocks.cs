namespace GpuSvm.Svm;

/// <content>The blocks in which its pages are mapped: in order of address, with gaps where pages are not.</content>
public sealed partial class SvmRange
{
    private MappedBlock[] _blocks = [];
    private int _blockCount;

    // Pages in blocks: that are current, that are current and may be written, and in the device's memory.
    private int _currentPages;
    private int _writablePages;
    private int _devicePages;

    /// <summary>True if pages of it are mapped for the device, be they valid or about to be unmapped.</summary>
    public bool HasMapping => _blockCount > 0;

    /// <summary>True if some of the mapped pages lie in the device's memory.</summary>
    public bool HasDevicePages => _devicePages > 0;

    /// <summary>True if all of its pages are mapped, and lie in the device's memory.</summary>
    public bool IsOnDevice => _devicePages == PageCount;

    /// <summary>Number of pages that are mapped and valid.</summary>
    public int ValidPages => _currentPages;

    /// <summary>What the device may do with all of the pages; none while one of them is not valid.</summary>
    public Protection Rights =>
        _currentPages < PageCount ? Protection.None :
        _writablePages == PageCount ? Protection.ReadWrite : Protection.Read;

    /// <summary>Where the pages are that are mapped, in order of address; with gaps if not all are.</summary>
    /// <remarks>
    /// Those that are not <see cref="MappedBlock.IsCurrent"/> are about to be unmapped. Where <see cref="SvmSpace.ArePagesValid"/> all are
    /// current, and together they are the range. Locking: the notifier lock is held as long as the blocks are looked at.
    /// </remarks>
    public ReadOnlySpan<MappedBlock> Blocks
    {
        get
        {
            AssertLocked();
            return _blocks.AsSpan(0, _blockCount);
        }
    }

    /// <summary>Number of pages.</summary>
    internal int PageCount => (int)Range.PageCount;

    /// <summary>Number of mapped pages in the device's memory.</summary>
    internal int DevicePages => _devicePages;

    /// <summary>The addresses of pages by their numbers.</summary>
    internal AddressRange AddressesOf(int firstPage, int endPage) =>
        new(Range.Start + ((ulong)firstPage * Page.Size), Range.Start + ((ulong)endPage * Page.Size));

    /// <summary>True if the device may map all pages with some rights.</summary>
    internal bool ArePagesValid(Protection rights)
    {
        AssertLocked();
        return (Rights & rights) == rights;
    }

    /// <summary>True if the device may map the pages of a block with some rights.</summary>
    internal static bool IsGood(in MappedBlock block, Protection rights) => block.IsCurrent && (block.Rights & rights) == rights;

    /// <summary>The pages from the first to the last of those that lack some rights; none if all have them.</summary>
    internal (int First, int End) Missing(Protection rights)
    {
        if (ArePagesValid(rights))
        {
            return (0, 0);
        }

        int first = 0;
        ReadOnlySpan<MappedBlock> blocks = Blocks;
        foreach (ref readonly MappedBlock block in blocks)
        {
            if (block.FirstPage > first || !IsGood(block, rights))
            {
                break;
            }

            first = block.EndPage;
        }

        int end = PageCount;
        for (int i = blocks.Length - 1; i >= 0 && blocks[i].EndPage == end && IsGood(blocks[i], rights); i--)
        {
            end = blocks[i].FirstPage;
        }

        return (first, end);
    }

    /// <summary>The array for so many blocks: the range's own if it is large enough, else the other if that is.</summary>
    internal MappedBlock[]? RoomFor(int blocks, MappedBlock[] other)
    {
        AssertLocked();
        return _blocks.Length >= blocks ? _blocks : other.Length >= blocks ? other : null;
    }

    /// <summary>The blocks of some pages, of which none lies in part.</summary>
    internal ReadOnlySpan<MappedBlock> BlocksOf(int first, int end)
    {
        int from = IndexOf(first);
        return _blocks.AsSpan(from, IndexOf(end) - from);
    }

    /// <summary>Number of blocks when some pages have others, so many.</summary>
    internal int CountWith(int first, int end, int blocks) => _blockCount - BlocksOf(first, end).Length + blocks;

    /// <summary>Has other blocks for some pages from now on: each of these is mapped then, and current.</summary>
    /// <param name="first">The first page; no block lies before it in part, nor behind the last one.</param>
    /// <param name="end">The page behind the last one.</param>
    /// <param name="blocks">In order of address.</param>
    /// <param name="room">The array that holds all blocks from now on (<see cref="RoomFor"/>).</param>
    internal void SetBlocks(int first, int end, ReadOnlySpan<MappedBlock> blocks, MappedBlock[] room)
    {
        int from = IndexOf(first);
        int to = IndexOf(end);
        CountAll(_blocks.AsSpan(from, to - from), -1);
        CountAll(blocks, 1);
        if (room != _blocks)
        {
            Array.Copy(_blocks, room, from);
        }

        Array.Copy(_blocks, to, room, from + blocks.Length, _blockCount - to);
        for (int i = 0; i < blocks.Length; i++)
        {
            room[from + i] = blocks[i].Settled();
        }

        _blocks = room;
        _blockCount += blocks.Length - (to - from);
    }

    /// <summary>Takes a block over from a range that this one replaces a part of.</summary>
    /// <param name="block">The block.</param>
    /// <param name="pages">Its addresses, which lie in this range, behind those of the blocks that it has.</param>
    /// <returns>False if there is no room.</returns>
    internal bool TryAdopt(in MappedBlock block, AddressRange pages)
    {
        AssertLocked();
        if (_blockCount == _blocks.Length)
        {
            return false;
        }

        _blocks[_blockCount++] = block with { FirstPage = PagesOf(pages).First };
        CountAll(_blocks.AsSpan(_blockCount - 1, 1), 1);
        return true;
    }

    /// <summary>Sees to it that there is room for so many blocks; nobody else knows the range yet.</summary>
    internal void Reserve(int blocks) => _blocks = new MappedBlock[blocks];

    /// <summary>Has no blocks any more; the array stays for the next.</summary>
    internal void Forget()
    {
        AssertLocked();
        _blockCount = 0;
        _currentPages = 0;
        _writablePages = 0;
        _devicePages = 0;
    }

    /// <summary>
    /// An invalidation has told the notifier: the blocks that it touches are no longer valid, and unmapped when the device has been waited for.
    /// </summary>
    internal void BeginPass(AddressRange part)
    {
        (int first, int end) = PagesOf(part);
        for (int i = IndexOf(first); i < _blockCount && _blocks[i].FirstPage < end; i++)
        {
            ref MappedBlock block = ref _blocks[i];
            if (block.IsCurrent)
            {
                Count(block, -1);
            }

            block = block with { Passes = (ushort)(block.Passes + 1) };
        }
    }

    /// <summary>Such an invalidation has been waited for: blocks that no other one has told of are unmapped.</summary>
    internal void EndPass(AddressRange part, IDmaMapper dma)
    {
        (int first, int end) = PagesOf(part);
        int kept = IndexOf(first);
        int next = kept;
        for (; next < _blockCount && _blocks[next].FirstPage < end; next++)
        {
            MappedBlock block = _blocks[next];
            int passes = Math.Max(block.Passes - 1, 0);
            if (passes == block.Passes || passes > 0)
            {
                _blocks[kept++] = block with { Passes = (ushort)passes };
                continue;
            }

            _devicePages -= DevicePagesOf(block);
            Unmap(block, dma);
        }

        Array.Copy(_blocks, next, _blocks, kept, _blockCount - next);
        _blockCount -= next - kept;
    }

    /// <summary>Unmaps the blocks that a part touches.</summary>
    internal void UnmapIn(AddressRange part, IDmaMapper dma)
    {
        BeginPass(part);
        (int first, int end) = PagesOf(part);
        for (int i = IndexOf(first); i < _blockCount && _blocks[i].FirstPage < end; i++)
        {
            // Whoever has told of them before finds them gone.
            _blocks[i] = _blocks[i] with { Passes = 1 };
        }

        EndPass(part, dma);
    }

    /// <summary>Unmaps all blocks and forgets them.</summary>
    internal void UnmapAll(IDmaMapper dma)
    {
        foreach (ref readonly MappedBlock block in Blocks)
        {
            Unmap(block, dma);
        }

        Forget();
    }

    internal static void Unmap(in MappedBlock block, IDmaMapper dma)
    {
        if (block.System is { } address)
        {
            dma.Unmap(address, block.Order);
        }
    }

    /// <summary>Index of the first block that ends behind a page; the count if there is none.</summary>
    internal int IndexOf(int page)
    {
        AssertLocked();
        int low = 0;
        int high = _blockCount;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_blocks[middle].EndPage > page)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>The addresses from the first to the last block that touches a part; empty if none does.</summary>
    internal AddressRange MappedAround(AddressRange part)
    {
        (int first, int end) = PagesOf(part);
        int from = IndexOf(first);
        int to = IndexOf(end - 1);
        to = to < _blockCount && _blocks[to].FirstPage < end ? to + 1 : to;
        return from < to ? AddressesOf(_blocks[from].FirstPage, _blocks[to - 1].EndPage) : default;
    }

    private void CountAll(ReadOnlySpan<MappedBlock> blocks, int sign)
    {
        foreach (ref readonly MappedBlock block in blocks)
        {
            _devicePages += sign * DevicePagesOf(block);
            if (block.IsCurrent)
            {
                Count(block, sign);
            }
        }
    }

    private void Count(in MappedBlock block, int sign)
    {
        _currentPages += sign * block.PageCount;
        _writablePages += (block.Rights & Protection.Write) != 0 ? sign * block.PageCount : 0;
    }

    private (int First, int End) PagesOf(AddressRange part)
    {
        AddressRange own = part.Intersect(Range);
        int first = (int)((own.Start - Range.Start) >> Page.Shift);
        return (first, first + (int)own.PageCount);
    }

    private static int DevicePagesOf(in MappedBlock block) => block.IsOnDevice ? block.PageCount : 0;
}
