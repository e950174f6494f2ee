namespace GpuSvm.Gpu;

/// <summary>The ring of 32-byte fault entries between a GPU and its driver, with its registers.</summary>
/// <remarks>
/// The GPU writes entries at PUT and moves PUT; the driver reads from GET and moves GET. The ring is empty when they are equal and holds
/// at most <see cref="EntryCount"/> - 1 entries. An entry may become valid after PUT has passed it.
/// Source: NVIDIA UVM fault buffer; nouveau gp100 fault buffer (GET 0x2a7c, PUT 0x2a80).
/// </remarks>
public interface IFaultBuffer
{
    /// <summary>Number of entries in the ring.</summary>
    int EntryCount { get; }

    /// <summary>Index of the next entry that the driver will read, 0 to <see cref="EntryCount"/> - 1.</summary>
    int Get { get; }

    /// <summary>Index of the next entry that the GPU will write, 0 to <see cref="EntryCount"/> - 1.</summary>
    int Put { get; }

    /// <summary>True if the GPU met a full ring since the flag was last cleared; what it could not write stays parked.</summary>
    bool Overflow { get; }

    /// <summary>Moves GET on, giving the slots back to the GPU; accesses that met a full ring then report themselves again.</summary>
    /// <param name="index">The new GET: between the old GET and PUT in ring order.</param>
    void WriteGet(int index);

    /// <summary>Clears the overflow flag.</summary>
    void ClearOverflow();

    /// <summary>Reads an entry's 32 bytes.</summary>
    /// <param name="index">0 to <see cref="EntryCount"/> - 1.</param>
    /// <param name="entry">The entry, when it is valid.</param>
    /// <returns>False while the entry's valid bit is not set yet; ask again.</returns>
    bool TryRead(int index, out FaultEntry entry);

    /// <summary>Reads entries that follow each other, up to one that is not valid, and clears their valid bits.</summary>
    /// <param name="index">The first; the ring does not wrap before the last.</param>
    /// <param name="entries">Where they go.</param>
    /// <returns>Number of entries.</returns>
    int Take(int index, Span<FaultEntry> entries)
    {
        int taken = 0;
        while (taken < entries.Length && TryRead(index + taken, out entries[taken]))
        {
            MarkInvalid(index + taken);
            taken++;
        }

        return taken;
    }

    /// <summary>Clears an entry's valid bit, as the driver must before it gives the slot back.</summary>
    void MarkInvalid(int index);
}
