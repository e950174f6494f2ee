namespace GpuSvm.Workloads;

/// <summary>Walks a linked list of real pointers on the GPU, while the CPU may change it.</summary>
/// <remarks>
/// A node is 16 bytes at a multiple of 16: the address of the next node (0 at the end), then the value. The CPU publishes every change
/// by one store of a pointer, then counts the version up. It may unmap a node that it took out once every thread has finished the walk
/// that it was in at that time, which <see cref="ListWalkArgs.Walked"/> tells: no later walk can reach the node.
/// </remarks>
public static class ListWalk
{
    /// <summary>Offset in a node of the next node's address.</summary>
    public const ulong NextOffset = 0;

    /// <summary>Offset in a node of its value.</summary>
    public const ulong ValueOffset = 8;

    /// <summary>Size of a node in bytes.</summary>
    public const ulong NodeBytes = 16;

    /// <summary>Offset in the control block of the first node's address.</summary>
    public const ulong HeadOffset = 0;

    /// <summary>Offset in the control block of the list's version, which the CPU raises by 1 after it has published a new state.</summary>
    public const ulong VersionOffset = 8;

    /// <summary>Offset in the control block of the number of changes that the CPU has made.</summary>
    public const ulong ChangesOffset = 16;

    /// <summary>Size of the control block in bytes.</summary>
    public const ulong ControlBytes = 24;

    /// <summary>Size of the record of one walk in bytes: five numbers of 8 bytes, as <see cref="ListWalkRecord"/> names them.</summary>
    public const ulong RecordBytes = 40;

    /// <summary>The kernel: each thread walks the whole list, again and again, and leaves a record of each walk.</summary>
    public static async GpuTask Kernel(GpuThread t, ListWalkArgs a)
    {
        ulong record = a.Records + ((ulong)t.GlobalIndex * (ulong)a.MaximumWalks * RecordBytes);
        for (long walk = 0; walk < a.Walks || await GoesOn(t, a, walk); walk++, record += RecordBytes)
        {
            long versionBefore = await t.Load<long>(a.Control + VersionOffset);
            var seen = default(ListDigest);
            for (ulong node = await t.Load<ulong>(a.Control + HeadOffset); node != 0; node = await t.Load<ulong>(node + NextOffset))
            {
                seen = seen.Add(await t.Load<ulong>(node + ValueOffset));
            }

            await t.Store(record, versionBefore);
            await t.Store(record + 8, await t.Load<long>(a.Control + VersionOffset));
            await t.Store(record + 16, seen.Nodes);
            await t.Store(record + 24, seen.Sum);
            await t.Store(record + 32, seen.Order);
            await t.Store(a.Walked + (8 * (ulong)t.GlobalIndex), walk + 1);

            // A thread that never faults never gives way, and the CPU waits for every thread's walk before it unmaps.
            await t.Yield();
        }
    }

    private static async GpuTask<bool> GoesOn(GpuThread t, ListWalkArgs a, long walk) =>
        walk < a.MaximumWalks && await t.Load<long>(a.Control + ChangesOffset) < a.WantedChanges;
}
