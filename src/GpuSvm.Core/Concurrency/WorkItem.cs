namespace GpuSvm.Core;

/// <summary>Something that a <see cref="WorkQueue"/> runs, again each time it is queued.</summary>
/// <param name="action">What to do; runs on the queue's thread with no lock held.</param>
/// <remarks>An item is used with one queue.</remarks>
public sealed class WorkItem(Action action)
{
    internal Action Action => action;

    /// <summary>True while the item waits in a queue; guarded by the queue's lock.</summary>
    internal bool IsQueued { get; set; }
}
