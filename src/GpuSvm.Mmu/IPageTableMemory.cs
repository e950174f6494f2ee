namespace GpuSvm.Mmu;

/// <summary>The memory that page tables live in: raw bytes that the device's page walker reads.</summary>
public interface IPageTableMemory
{
    /// <summary>Allocates a table. Its bytes are not defined: the caller writes all of them before it links the table.</summary>
    /// <param name="sizeBytes">Size: a power of two, at least 8.</param>
    /// <param name="alignmentBytes">Alignment of the address: a power of two, at least <c>8</c>.</param>
    /// <param name="address">Byte address of the table in this memory; never 0.</param>
    /// <returns><see cref="Errno.None"/> or <see cref="Errno.ENOMEM"/>.</returns>
    Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address);

    /// <summary>Frees a table, with the size it was allocated with.</summary>
    /// <remarks>The caller has unlinked it and flushed the TLB: no walk can reach it.</remarks>
    void Free(ulong address, int sizeBytes);

    /// <summary>The table's bytes as little-endian 64-bit words; each is read and written at once.</summary>
    Span<ulong> Words(ulong address, int sizeBytes);

    /// <summary>The same for an address that was read from an entry, whatever its bits say.</summary>
    /// <returns>False when no such bytes exist.</returns>
    bool TryWords(ulong address, int sizeBytes, out Span<ulong> words)
    {
        words = Words(address, sizeBytes);
        return true;
    }
}
