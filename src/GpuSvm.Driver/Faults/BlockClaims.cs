namespace GpuSvm.Driver;

/// <summary>Which blocks of a batch are taken and which are done: workers take one after the other, each block once.</summary>
/// <param name="capacity">Largest number of blocks.</param>
internal sealed class BlockClaims(int capacity)
{
    private readonly bool[] _done = new bool[capacity];
    private int _count;
    private int _next;

    /// <summary>Starts a batch. No worker claims meanwhile.</summary>
    public void Start(int count)
    {
        _done.AsSpan(0, count).Clear();
        _count = count;
        SharedWord.Write(ref _next, 0);
    }

    /// <summary>Takes the next block that nobody has taken.</summary>
    public bool TryClaim(out int block)
    {
        if (Breaks.BlockClaimedTwice)
        {
            block = SharedWord.Read(ref _next);
        }
        else
        {
            block = SharedWord.Add(ref _next, 1) - 1;
        }

        return block < _count;
    }

    /// <summary>Says that a block's results are written.</summary>
    public void Finish(int block)
    {
        if (Breaks.BlockClaimedTwice)
        {
            SharedWord.Write(ref _next, block + 1);
        }

        SharedWord.Write(ref _done[block], true);
    }

    /// <summary>True if a block's results can be read.</summary>
    public bool IsDone(int block) => SharedWord.Read(ref _done[block]);
}
