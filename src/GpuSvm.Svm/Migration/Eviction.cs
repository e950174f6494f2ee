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
            int count = Choose(blocks[i], allocation.Zone.Word);
            Errno error = count > 0 ? Move(count) : Errno.None;
            result = result == Errno.None ? error : result;
            if (error == Errno.ETIMEDOUT)
            {
                return error;
            }
        }

        return result;
    }

    /// <summary>Notes the frames of a block that hold pages of the allocation; others may have pages there since.</summary>
    private int Choose(DeviceBlock block, ulong word)
    {
        int count = 0;
        for (int i = 0; i < block.PageCount; i++)
        {
            FrameNumber frame = memory.Pagemap.FirstFrame + (block.FirstPage + (ulong)i);
            if (memory.Frames.ReferenceCount(frame) > 0 && memory.Pagemap.DataOf(frame) == word)
            {
                _chosen[count++] = frame;
            }
        }

        return count;
    }

    private Errno Move(int count)
    {
        Errno error = Errno.None;
        int given = 0;
        _migration.Setup(_chosen.AsSpan(0, count));
        try
        {
            Errno shortage = Errno.None;
            for (int i = 0; i < count && shortage == Errno.None; i++)
            {
                shortage = _frames.TryFind(_migration.Source[i], _migration.Destination[i..]);
            }

            error = _frames.Copy();
            if (error == Errno.None)
            {
                given = MoverPages.CountGiven(_migration.Destination);
                _migration.MigratePages();
                error = shortage;
            }
            else
            {
                memory.CountFailedMove();
            }
        }
        finally
        {
            _migration.Complete();
            _frames.End();
        }

        int moved = MoverPages.CountMoving(_migration.Source);
        memory.CountEviction(moved, given - moved);
        return error;
    }
}
