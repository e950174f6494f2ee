namespace GpuSvm.Core;

/// <summary>How many threads run that may have an access in flight, so that a flush need not reach them when none does.</summary>
/// <remarks>
/// <code>
/// thread: Enter(); accesses…; Leave()
/// other:  drop translations; if (AnyAfterDrop()) { AccessBarrier.Pass(); wait for the accesses in flight }
/// </code>
/// <para>With a full fence on both sides the thread finds the translation dropped or the other one finds the thread.</para>
/// </remarks>
public struct RunningThreads
{
    private int _count;

    /// <summary>Says that the calling thread runs; a full fence.</summary>
    public void Enter() => SharedWord.Add(ref _count, 1);

    /// <summary>Says that the calling thread has no access in flight any more; a full fence.</summary>
    public void Leave() => SharedWord.Add(ref _count, -1);

    /// <summary>True if some thread runs; after a full fence, so that one that is not seen here sees what was dropped before.</summary>
    public readonly bool AnyAfterDrop()
    {
        if (!LeftOutBarriers.Running)
        {
            Interlocked.MemoryBarrier();
        }

        return SharedWord.Read(in _count) > 0;
    }
}
