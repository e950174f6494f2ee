namespace GpuSvm.Svm;

/// <summary>Brings the pages of an allocation home by their frames alone. Used by one thread at a time.</summary>
/// <remarks>Source: Linux drm_gpusvm.c, drm_gpusvm_evict_to_ram.</remarks>
internal sealed class Eviction(DeviceMemory memory)
{
    private readonly HomeFrames _frames = new(memory);
    private readonly MigrateFrames _migration = new(memory.Frames, HugePage.PageCount);
    private readonly FrameNumber[] _chosen = new FrameNumber[HugePage.PageCount];

    /// <summary>Tries each page of an allocation once.</summary>
    /// <returns>Why pages could not leave; None when all left that were not held by somebody.</returns>
    public Errno Run(DeviceAllocation allocation)
    {
        Errno result = Errno.None;
        IReadOnlyList<DeviceBlock> blocks = allocation.Blocks;
        for (int i = 0; i < blocks.Count; i++)
        {
            Errno error = Run(blocks[i], allocation.Zone.Word);
            result = result == Errno.None ? error : result;
            if (error == Errno.ETIMEDOUT)
            {
                return error;
            }
        }

        return result;
    }

    /// <summary>Tries each page of a block that is of the allocation; others may have pages there since.</summary>
    private Errno Run(DeviceBlock block, ulong word)
    {
        if (!TrySetUp(block, word))
        {
            return Errno.None;
        }

        Errno error = _frames.Move(_migration, default, out int moved, out int raced);
        memory.CountEviction(moved, raced);
        return error;
    }

    private bool TrySetUp(DeviceBlock block, ulong word)
    {
        FrameNumber first = memory.Pagemap.FirstFrame + block.FirstPage;
        if (block.Order == HugePage.Order && memory.Frames.IsHuge(first))
        {
            bool isWanted = IsOf(first, word);
            _ = isWanted ? _migration.Setup(first, block.PageCount) : 0;
            return isWanted;
        }

        int count = 0;
        for (ulong i = 0; i < (ulong)block.PageCount; i++)
        {
            if (IsOf(first + i, word))
            {
                _chosen[count++] = first + i;
            }
        }

        _ = count > 0 ? _migration.Setup(_chosen.AsSpan(0, count)) : 0;
        return count > 0;
    }

    private bool IsOf(FrameNumber frame, ulong word) => memory.Frames.ReferenceCount(frame) > 0 && memory.Pagemap.DataOf(frame) == word;
}
