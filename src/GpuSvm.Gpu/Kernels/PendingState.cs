namespace GpuSvm;

/// <summary>How far a thread's access or pause is that could not complete at once.</summary>
internal enum PendingState : byte
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>It waits, and the kernel has not awaited it yet.</summary>
    Issued,

    /// <summary>It waits, and the thread with it.</summary>
    Parked,

    /// <summary>It is done: the thread may take the result.</summary>
    Completed,

    /// <summary>It never will be: the launch was stopped.</summary>
    Cancelled,
}
