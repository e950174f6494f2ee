namespace GpuSvm.Live;

/// <summary>Hears of what the event worker met and cannot decide. Called by its thread, with no lock held.</summary>
internal interface IEventObserver
{
    /// <summary>Memory was unmapped; a buffer may have lost its last mapping.</summary>
    void OnUnmapped();

    /// <summary>An access was ended with SIGBUS.</summary>
    void OnRefused(DeferredFault fault, Errno error);

    /// <summary>The process did something that is not followed.</summary>
    void OnUnexpected(UffdMessage message);
}
