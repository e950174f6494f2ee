namespace GpuSvm.Mm;

/// <summary>The free frames of a memory, given out in random order. Not thread-safe.</summary>
/// <remarks>
/// Frames that were never used come in chunks of 1024, each shuffled, so that the memory in use stays dense. Frames that came back are
/// given out before any of those, each time a random one.
/// </remarks>
internal sealed class FramePool(ulong frameCount, SeededRandom random)
{
    private const int ChunkFrames = 1024;
    private readonly List<ulong> _recycled = [];
    private readonly ulong[] _chunk = new ulong[Math.Min(ChunkFrames, frameCount)];
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
            int picked = random.Next(_recycled.Count);
            frame = new FrameNumber(_recycled[picked]);
            _recycled[picked] = _recycled[^1];
            _recycled.RemoveAt(_recycled.Count - 1);
            return true;
        }

        if (_chunkLeft == 0 && !TryOpenChunk())
        {
            frame = default;
            return false;
        }

        frame = new FrameNumber(_chunk[--_chunkLeft]);
        return true;
    }

    /// <summary>Gives a frame back.</summary>
    public void Return(FrameNumber frame) => _recycled.Add(frame.Value);

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
