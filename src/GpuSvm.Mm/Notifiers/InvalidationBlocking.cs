namespace GpuSvm.Mm;

/// <summary>Whether an invalidation may wait for a mirror.</summary>
/// <remarks>Source: Linux MMU_NOTIFIER_RANGE_BLOCKABLE.</remarks>
public enum InvalidationBlocking : byte
{
    /// <summary>Mirrors may wait for their locks.</summary>
    Blockable,

    /// <summary>A mirror that would have to wait refuses, and the change is not made (EAGAIN).</summary>
    NonBlockable,
}
