namespace GpuSvm.Driver;

/// <summary>The faults of a batch that was prepared in parts, put together by block in each part: runs of faults of one block.</summary>
/// <param name="capacity">Largest number of faults.</param>
internal sealed class FaultRuns(int capacity)
{
    /// <summary>The key of each fault.</summary>
    public ulong[] Keys { get; } = new ulong[capacity];

    /// <summary>The number of each fault.</summary>
    public int[] Numbers { get; } = new int[capacity];

    /// <summary>Length of the run that begins at a place.</summary>
    public int[] Counts { get; } = new int[capacity];
}
