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

    /// <summary>A thread that serves faults has failed, and will serve none any more.</summary>
    void OnFailed(Exception failure);
}
