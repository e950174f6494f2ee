namespace GpuSvm.Gpu;

/// <summary>The ring of notifications that a GPU's access counters write, with its registers.</summary>
/// <remarks>
/// The GPU writes at PUT and moves PUT; the driver reads from GET and moves GET. What meets a full ring is dropped, and only counted: a
/// counter begins anew, so that what is accessed often notifies again. What is counted is what misses the SM's own TLB: nothing else
/// passes the counters. Source: NVIDIA UVM, uvm_gpu_access_counters.c.
/// </remarks>
public interface IAccessCounterBuffer
{
    /// <summary>Number of entries in the ring.</summary>
    int EntryCount { get; }

    /// <summary>Memory that shares a counter: a power of two, in bytes.</summary>
    ByteSize Granularity { get; }

    /// <summary>Index of the next entry that the driver will read, 0 to <see cref="EntryCount"/> - 1.</summary>
    int Get { get; }

    /// <summary>Index of the next entry that the GPU will write.</summary>
    int Put { get; }

    /// <summary>Number of notifications that met a full ring.</summary>
    long Dropped { get; }

    /// <summary>Sets what the GPU calls when the ring is half full; replaces the handler before.</summary>
    /// <param name="handler">Runs on a thread of the GPU with no lock held; takes device locks at most.</param>
    void SetInterrupt(Action? handler);

    /// <summary>Reads an entry between GET and PUT.</summary>
    /// <param name="index">Its index.</param>
    AccessNotification Read(int index);

    /// <summary>Moves GET on, giving the slots back to the GPU.</summary>
    /// <param name="index">The new GET: between the old GET and PUT in ring order.</param>
    void WriteGet(int index);

    /// <summary>Has every counter begin anew. Entries of the ring stay.</summary>
    void Clear();
}
