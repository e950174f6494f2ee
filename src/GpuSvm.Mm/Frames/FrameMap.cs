namespace GpuSvm.Mm;

/// <summary>A frame for each of some frames: leaves of 512 that follow each other, made when they are first needed and kept.</summary>
/// <remarks>
/// Thread-safe. A look-up takes no lock: what moves or comes home does so in runs, page by page. Leaves are few: one for 2 MiB of which a
/// page has ever been noted, of 4 KiB.
/// </remarks>
internal sealed class FrameMap
{
    private const int LeafShift = 9;
    private readonly RankedLock _growing = new(LockRank.FrameAllocator);

    // By the memory that a frame is of, and by its number there. What is noted is a frame's number + 1; 0 is none.
    private ulong[]?[][] _memories = [];

    /// <summary>The frame that is noted for another; false if there is none.</summary>
    public bool TryGet(FrameNumber key, out FrameNumber value)
    {
        ulong word = Find(key) is { } leaf ? SharedWord.Read(ref leaf[IndexIn(key)]) : 0;
        value = new FrameNumber(unchecked(word - 1));
        return word != 0;
    }

    /// <summary>Notes a frame for another.</summary>
    public void Set(FrameNumber key, FrameNumber value) => SharedWord.Write(ref (Find(key) ?? Grow(key))[IndexIn(key)], value.Value + 1);

    /// <summary>Forgets what is noted for a frame, if it is a certain one.</summary>
    /// <returns>False if it was another, or none.</returns>
    public bool Clear(FrameNumber key, FrameNumber value) =>
        Find(key) is { } leaf && SharedWord.CompareExchange(ref leaf[IndexIn(key)], 0UL, value.Value + 1) == value.Value + 1;

    private static int IndexIn(FrameNumber key) => (int)(key.Value & ((1 << LeafShift) - 1));

    private static ulong MemoryOf(FrameNumber key) => key.Value >> PageFrames.DeviceShift;

    private static ulong LeafOf(FrameNumber key) => (key.Value & ((1UL << PageFrames.DeviceShift) - 1)) >> LeafShift;

    private ulong[]? Find(FrameNumber key)
    {
        ulong[]?[][] memories = SharedWord.Read(ref _memories);
        ulong memory = MemoryOf(key);
        if (memory >= (ulong)memories.Length)
        {
            return null;
        }

        ulong[]?[] leaves = SharedWord.Read(ref memories[memory]);
        ulong leaf = LeafOf(key);
        return leaf < (ulong)leaves.Length ? SharedWord.Read(ref leaves[leaf]) : null;
    }

    private ulong[] Grow(FrameNumber key)
    {
        using (_growing.Enter())
        {
            ulong[]?[][] memories = Longer(_memories, MemoryOf(key), []);
            ref ulong[]?[] leaves = ref memories[MemoryOf(key)];
            SharedWord.Write(ref leaves, Longer(leaves, LeafOf(key), null));
            SharedWord.Write(ref _memories, memories);
            ref ulong[]? leaf = ref leaves[LeafOf(key)];
            if (leaf is null)
            {
                SharedWord.Write(ref leaf, new ulong[1 << LeafShift]);
            }

            return leaf!;
        }
    }

    /// <summary>The same table, or a copy that reaches up to an index: who still reads the old one finds none there.</summary>
    private static T[] Longer<T>(T[] table, ulong index, T none)
    {
        if (index < (ulong)table.Length)
        {
            return table;
        }

        var longer = new T[Math.Max((int)index + 1, 2 * table.Length)];
        table.CopyTo(longer, 0);
        longer.AsSpan(table.Length).Fill(none);
        return longer;
    }
}
