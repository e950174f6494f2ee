namespace GpuSvm.Live;

/// <summary>Hears of what those who serve a live process met and cannot decide. Called by their threads, with no lock held.</summary>
internal interface IEventObserver
{
    /// <summary>Memory was unmapped; a buffer may have lost its last mapping.</summary>
    void OnUnmapped();

    /// <summary>An access was ended with SIGBUS.</summary>
    void OnRefused(DeferredFault fault, Errno error);

    /// <summary>An access can neither be served nor be ended: the process must end.</summary>
    void OnUnservable(DeferredFault fault, Errno error);

    /// <summary>The process did something that is not followed.</summary>
    void OnUnexpected(UffdMessage message);

    /// <summary>A process has forked: nothing that either did since is acted on before this returns.</summary>
    /// <param name="parent">The process.</param>
    /// <param name="child">Its child, which shares the heap; whoever is called has to start it.</param>
    void OnForked(LiveProcess parent, LiveProcess child);

    /// <summary>A child has ended, or become another program.</summary>
    void OnEnded();

    /// <summary>Stores to pages could not be stopped in time: the process must end. Locks may be held.</summary>
    void OnUnprotected(AddressRange range, Errno error);

    /// <summary>A thread that serves faults has failed, and will serve none any more.</summary>
    void OnFailed(Exception failure);
}
