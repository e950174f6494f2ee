namespace GpuSvm;

/// <summary>A box that holds a method's result, seen without the type of its state machine.</summary>
internal abstract class ResultBox<T> : LaneBox
{
    /// <summary>What the method returned, once it has ended.</summary>
    internal T Result { get; set; } = default!;
}
