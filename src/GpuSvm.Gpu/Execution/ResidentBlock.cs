namespace GpuSvm.Gpu;

/// <summary>A block on its SM. Used again for later blocks of the same launch.</summary>
internal sealed class ResidentBlock
{
    internal ResidentBlock(LaunchSlice slice, int size, int grid)
    {
        Lanes = new GpuThread[size];
        for (int i = 0; i < size; i++)
        {
            Lanes[i] = new GpuThread(slice, size, grid) { ThreadIndex = i, Block = this };
        }
    }

    internal GpuThread[] Lanes { get; }

    /// <summary>Threads that have not ended.</summary>
    internal int Running { get; set; }

    /// <summary>Threads that wait at the barrier.</summary>
    internal int AtBarrier { get; set; }

    /// <summary>True if all threads that are left wait at a barrier that one which has ended will never reach.</summary>
    internal bool IsBarrierBroken => AtBarrier > 0 && AtBarrier == Running && Running < Lanes.Length;
}
