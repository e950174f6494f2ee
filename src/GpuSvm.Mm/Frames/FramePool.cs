using System.Runtime.InteropServices;

namespace GpuSvm.Mm;

/// <summary>The free frames of a memory, given out in random order, one by one or in blocks of 512. Not thread-safe.</summary>
/// <remarks>
/// <para>
/// Frames that were never used come in chunks of 1024, each shuffled, so that the memory in use stays dense. Frames that came back are
/// given out before any of those, each time a random one.
/// </para>
/// <para>
/// A block is given out whole where one is free: one that came back so, one whose 512 frames all came back singly, or one that nobody
/// ever had. Frames are not moved to make one. Single frames are taken from a free block only when there are no others.
/// </para>
/// </remarks>
internal sealed class FramePool(ulong frameCount, SeededRandom random)
{
    private const int ChunkFrames = 1024;
    private const int BlockFrames = HugePage.PageCount;
    private readonly List<ulong> _recycled = [];
    private readonly List<ulong> _blocks = [];
    private readonly ulong[] _chunk = new ulong[Math.Min(ChunkFrames, frameCount)];

    // Of each block of the memory, how many of its frames are among the recycled; and how many blocks have all there.
    private readonly ushort[] _recycledOf = new ushort[(frameCount / BlockFrames) + 1];
    private int _wholeBlocks;
    private int _chunkLeft;
    private ulong _opened;

    /// <summary>Takes a free frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="isFresh">True if nobody ever had the frame: its bytes are zero, and untouched.</param>
    /// <returns>False when none is left.</returns>
    public bool TryTake(out FrameNumber frame, out bool isFresh)
    {
        isFresh = _recycled.Count == 0;
        if (!isFresh)
        {
            frame = new FrameNumber(TakeRandom(_recycled));
            Count(frame.Value, -1);
            return true;
        }

        if (_chunkLeft == 0 && !TryOpenChunk())
        {
            frame = default;
            return TryBreakBlock() && TryTake(out frame, out isFresh);
        }

        frame = new FrameNumber(_chunk[--_chunkLeft]);
        return true;
    }

    /// <summary>Takes 512 consecutive free frames, of which the first is a multiple of 512.</summary>
    /// <param name="head">The first.</param>
    /// <param name="isFresh">True if nobody ever had them.</param>
    /// <returns>False when there is no such block, though there may be frames.</returns>
    public bool TryTakeBlock(out FrameNumber head, out bool isFresh)
    {
        if (_blocks.Count == 0 && _wholeBlocks > 0)
        {
            JoinBlocks();
        }

        isFresh = _blocks.Count == 0;
        if (!isFresh)
        {
            head = new FrameNumber(TakeRandom(_blocks));
            return true;
        }

        // Chunks are made of whole blocks, so what is not opened yet begins with one.
        head = new FrameNumber(_opened);
        bool isThere = frameCount - _opened >= BlockFrames;
        _opened += isThere ? BlockFrames : 0UL;
        return isThere;
    }

    /// <summary>Gives a frame back.</summary>
    public void Return(FrameNumber frame)
    {
        _recycled.Add(frame.Value);
        Count(frame.Value, 1);
    }

    /// <summary>Gives a block back.</summary>
    public void ReturnBlock(FrameNumber head) => _blocks.Add(head.Value);

    private ulong TakeRandom(List<ulong> list)
    {
        int picked = random.Next(list.Count);
        ulong taken = list[picked];
        list[picked] = list[^1];
        list.RemoveAt(list.Count - 1);
        return taken;
    }

    private void Count(ulong frame, int change)
    {
        ref ushort count = ref _recycledOf[frame / BlockFrames];
        _wholeBlocks -= count == BlockFrames ? 1 : 0;
        count = (ushort)(count + change);
        _wholeBlocks += count == BlockFrames ? 1 : 0;
    }

    /// <summary>Makes blocks of all recycled frames that make up some.</summary>
    private void JoinBlocks()
    {
        int left = 0;
        Span<ulong> recycled = CollectionsMarshal.AsSpan(_recycled);
        foreach (ulong frame in recycled)
        {
            if (_recycledOf[frame / BlockFrames] != BlockFrames)
            {
                recycled[left++] = frame;
            }
            else if (frame % BlockFrames == 0)
            {
                _blocks.Add(frame);
            }
        }

        CollectionsMarshal.SetCount(_recycled, left);
        foreach (ulong head in _blocks)
        {
            _recycledOf[head / BlockFrames] = 0;
        }

        _wholeBlocks = 0;
    }

    private bool TryBreakBlock()
    {
        if (_blocks.Count == 0)
        {
            return false;
        }

        ulong head = TakeRandom(_blocks);
        for (ulong i = 0; i < BlockFrames; i++)
        {
            Return(new FrameNumber(head + i));
        }

        return true;
    }

    private bool TryOpenChunk()
    {
        int count = (int)Math.Min(ChunkFrames, frameCount - _opened);
        for (int i = 0; i < count; i++)
        {
            _chunk[i] = _opened + (ulong)i;
        }

        random.Shuffle(_chunk.AsSpan(0, count));
        _opened += (ulong)count;
        _chunkLeft = count;
        return count > 0;
    }
}
