namespace GpuSvm.Core;

/// <summary>A place in a <see cref="SortedIndex{TKey, TValue}"/>; void after the next insertion or removal.</summary>
/// <param name="Block">Which block; -1 behind the last entry.</param>
/// <param name="Index">Which entry of it.</param>
public readonly record struct SortedPosition(int Block, int Index)
{
    /// <summary>Behind the last entry.</summary>
    public static SortedPosition End => new(-1, 0);

    /// <summary>True behind the last entry.</summary>
    public bool IsEnd => Block < 0;
}
