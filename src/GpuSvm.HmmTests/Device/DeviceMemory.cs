namespace GpuSvm.HmmTests;

/// <summary>The memory of a device: chunks of 256 MiB, and which of their frames are free.</summary>
/// <remarks>Thread-safe. Source: Linux lib/test_hmm.c, dmirror_allocate_chunk, dmirror_devmem_alloc_page, dmirror_devmem_free.</remarks>
internal sealed class DeviceMemory(PageFrames frames, DevicePageKind kind, TestDevice device) : IDevicePagemapOwner
{
    private const ulong BlockPages = 512;

    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly Stack<FrameNumber> _freePages = [];
    private readonly Stack<FrameNumber> _freeBlocks = [];
    private DeviceChunk[] _chunks = [];

    /// <summary>The chunks at this moment.</summary>
    public IReadOnlyList<DeviceChunk> Chunks => SharedWord.Read(ref _chunks);

    /// <summary>Number of frames that hold pages.</summary>
    public long UsedFrames => Chunks.Sum(chunk => chunk.Pagemap.UsedFrames);

    /// <summary>Begins the use of a free frame, with a new chunk if there is none.</summary>
    public bool TryBegin(out MigratePfn destination)
    {
        destination = default;
        return TryTakePage(ref destination) || (TryAddChunk() && TryTakePage(ref destination));
    }

    /// <summary>Begins the use of 512 free frames as a huge page, with a new chunk if no block is free as a whole.</summary>
    public bool TryBeginHuge(out MigratePfn destination)
    {
        destination = default;
        return TryTakeBlock(ref destination) || (TryAddChunk() && TryTakeBlock(ref destination));
    }

    /// <summary>Adds a chunk, all of whose frames are free.</summary>
    /// <returns>False when the machine has no memory for it.</returns>
    public bool TryAddChunk()
    {
        if (frames.TryAddDevice(kind, DeviceChunk.PageCount, this, device, out DevicePagemap? pagemap) != Errno.None)
        {
            return false;
        }

        var chunk = new DeviceChunk(pagemap!, frames.Memory);
        using (_lock.Enter())
        {
            SharedWord.Write(ref _chunks, [.. _chunks, chunk]);
            for (ulong offset = DeviceChunk.PageCount; offset > 0; offset -= BlockPages)
            {
                _freeBlocks.Push(pagemap!.FirstFrame + (offset - BlockPages));
            }
        }

        return true;
    }

    /// <summary>Takes the free frames of a chunk away: nobody gets one any more, and those that become free stay so.</summary>
    public void Retire(DeviceChunk chunk)
    {
        using (_lock.Enter())
        {
            chunk.IsRetired = true;
            Keep(_freePages, chunk);
            Keep(_freeBlocks, chunk);
        }
    }

    /// <summary>Gives a retired chunk back, in which no page lives any more.</summary>
    public void Remove(DeviceChunk chunk)
    {
        using (_lock.Enter())
        {
            SharedWord.Write(ref _chunks, [.. _chunks.Where(other => other != chunk)]);
        }

        frames.RemoveDevice(chunk.Pagemap);
        chunk.Dispose();
    }

    /// <summary>The chunk of a frame, or null when it is not of this device.</summary>
    public DeviceChunk? ChunkOf(FrameNumber frame)
    {
        foreach (DeviceChunk chunk in SharedWord.Read(ref _chunks))
        {
            if (chunk.Pagemap.Contains(frame))
            {
                return chunk;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public Errno MigrateToRam(in DeviceFault fault) => device.MigrateToRam(fault);

    /// <inheritdoc/>
    public void Freed(FrameNumber frame, int pages)
    {
        using (_lock.Enter())
        {
            if (ChunkOf(frame) is { IsRetired: false })
            {
                (pages == 1 ? _freePages : _freeBlocks).Push(frame);
            }
        }
    }

    /// <summary>With the lock held up to the frame's first reference, so that a chunk is seen to be in use before it is retired.</summary>
    private bool TryTakePage(ref MigratePfn destination)
    {
        using (_lock.Enter())
        {
            if (_freePages.Count == 0 && _freeBlocks.TryPop(out FrameNumber head))
            {
                for (ulong offset = BlockPages; offset > 0; offset--)
                {
                    _freePages.Push(head + (offset - 1));
                }
            }

            bool isTaken = _freePages.TryPop(out FrameNumber frame);
            destination = isTaken ? ChunkOf(frame)!.Pagemap.Begin(frame) : default;
            return isTaken;
        }
    }

    private bool TryTakeBlock(ref MigratePfn destination)
    {
        using (_lock.Enter())
        {
            bool isTaken = _freeBlocks.TryPop(out FrameNumber head);
            destination = isTaken ? ChunkOf(head)!.Pagemap.BeginHuge(head) : default;
            return isTaken;
        }
    }

    private static void Keep(Stack<FrameNumber> free, DeviceChunk without)
    {
        FrameNumber[] kept = [.. free.Where(frame => !without.Pagemap.Contains(frame)).Reverse()];
        free.Clear();
        Array.ForEach(kept, free.Push);
    }
}
