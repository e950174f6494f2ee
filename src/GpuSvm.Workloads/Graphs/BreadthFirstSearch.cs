namespace GpuSvm.Workloads;

/// <summary>Breadth-first search on the GPU, level by level: each frontier is a queue, and a node belongs to who claims it first.</summary>
/// <remarks>
/// A launch of several blocks goes one level forward. A launch of one block goes on by itself, by the block's barrier, for as long
/// as the frontier is small for its threads: else a long thin graph would cost a launch for each of its levels. The launches end
/// when <see cref="CountOffset"/> in the state is 0.
/// </remarks>
public static class BreadthFirstSearch
{
    /// <summary>The level of a node that is not reached.</summary>
    public const int Unreached = PlainBreadthFirstSearch.Unreached;

    /// <summary>Largest frontier for each thread of a block that goes on by itself.</summary>
    public const long SmallFrontier = 8;

    /// <summary>Offset in the state of the number of nodes in the frontier; 0 when the search is over.</summary>
    public const ulong CountOffset = 0;

    /// <summary>Offset in the state of the frontier's level.</summary>
    public const ulong LevelOffset = 8;

    /// <summary>Size of the state in bytes.</summary>
    public const ulong StateBytes = 32;

    private const ulong NextCountOffset = 16;
    private const ulong FinishedOffset = 24;

    /// <summary>The kernel, for any grid; at least one launch for each level when the grid has more than one block.</summary>
    public static async GpuTask Kernel(GpuThread t, BreadthFirstSearchArgs a)
    {
        while (true)
        {
            long level = await t.Load<long>(a.State + LevelOffset);
            long count = await t.Load<long>(a.State + CountOffset);
            if (count == 0)
            {
                return;
            }

            await Expand(t, a, (int)level, count);
            if (await t.AtomicAdd(a.State + FinishedOffset, 1L) == t.GridSize - 1)
            {
                await TurnQueues(t, a);
            }

            if (t.GridBlocks > 1)
            {
                return;
            }

            await t.Barrier();
            bool isSmall = await t.Load<long>(a.State + CountOffset) <= SmallFrontier * t.BlockSize;
            await t.Barrier();
            if (!isSmall)
            {
                return;
            }
        }
    }

    /// <summary>Claims every unreached node that this thread's share of the frontier leads to, and queues it.</summary>
    private static async GpuTask Expand(GpuThread t, BreadthFirstSearchArgs a, int level, long count)
    {
        ulong frontier = level % 2 == 0 ? a.EvenQueue : a.OddQueue;
        ulong next = level % 2 == 0 ? a.OddQueue : a.EvenQueue;
        for (long i = t.GlobalIndex; i < count; i += t.GridSize)
        {
            ulong node = await t.Load<uint>(frontier + (4 * (ulong)i));
            ulong end = await t.Load<ulong>(a.Offsets + (8 * node) + 8);
            for (ulong arc = await t.Load<ulong>(a.Offsets + (8 * node)); arc < end; arc++)
            {
                uint to = await t.Load<uint>(a.Targets + (4 * arc));
                ulong claim = a.Levels + (4 * (ulong)to);

                // The plain look first: an atomic for each arc would cost far more than the few that lose the race.
                if (await t.Load<int>(claim) == Unreached
                    && await t.AtomicCompareExchange(claim, expected: Unreached, value: level + 1) == Unreached)
                {
                    long slot = await t.AtomicAdd(a.State + NextCountOffset, 1L);
                    await t.Store(next + (4 * (ulong)slot), to);
                }
            }
        }
    }

    /// <summary>Makes the queue that was filled the frontier; done by the last thread of the grid to finish the level.</summary>
    private static async GpuTask TurnQueues(GpuThread t, BreadthFirstSearchArgs a)
    {
        await t.Store(a.State + CountOffset, await t.Load<long>(a.State + NextCountOffset));
        await t.Store(a.State + NextCountOffset, 0L);
        await t.Store(a.State + FinishedOffset, 0L);
        await t.Store(a.State + LevelOffset, 1 + await t.Load<long>(a.State + LevelOffset));
    }
}
