namespace GpuSvm.Mm;

/// <summary>What is put off for a notifier until the set of intervals may change.</summary>
internal enum NotifierChange : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It enters the set.</summary>
    Enter,

    /// <summary>It is in the set with another range than it should have.</summary>
    Resize,

    /// <summary>It leaves, and a thread waits for that.</summary>
    Leave,

    /// <summary>It leaves, and its mirror hears of that.</summary>
    Release,
}
