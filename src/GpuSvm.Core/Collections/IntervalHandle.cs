namespace GpuSvm.Core;

/// <summary>Names one interval of an <see cref="IntervalTree{T}"/> until it is removed; <c>default</c> names none.</summary>
public readonly record struct IntervalHandle
{
    internal IntervalHandle(int index, uint generation)
    {
        Index = index;
        Generation = generation;
    }

    internal int Index { get; }

    /// <summary>Tells the interval from those that had its place before.</summary>
    internal uint Generation { get; }
}
