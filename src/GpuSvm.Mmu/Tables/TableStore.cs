using System.Numerics;

namespace GpuSvm.Mmu.Tables;

/// <summary>Takes memory for tables and keeps some of what is free, by size, for the next use.</summary>
/// <param name="memory">Where tables lie.</param>
/// <param name="spareTables">How many free tables of one size are kept.</param>
/// <remarks>
/// A spare table that holds zeros throughout is known to, and need not be cleared again. Locking: the caller's, exclusive.
/// Source: Linux nouveau mmu/base.c, nvkm_mmu_ptc_*.
/// </remarks>
internal sealed class TableStore(IPageTableMemory memory, int spareTables)
{
    // By the binary logarithm of their size: sizes are powers of two, and each is used with one alignment.
    private readonly SpareStack?[] _spare = new SpareStack?[32];

    /// <summary>Tables put in use so far.</summary>
    public long Allocations { get; private set; }

    /// <summary>Tables taken out of use so far.</summary>
    public long Frees { get; private set; }

    /// <summary>Bytes of the tables in use.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>The words of a table.</summary>
    public Span<ulong> Words(ulong address, int sizeBytes) => memory.Words(address, sizeBytes);

    /// <summary>Takes a table.</summary>
    /// <param name="layout">Its shape.</param>
    /// <param name="address">Its address.</param>
    /// <param name="isZero">True if all of it is 0; else its bytes are not defined.</param>
    /// <returns>False for want of memory.</returns>
    public bool TryAllocate(in TableLayout layout, out ulong address, out bool isZero)
    {
        isZero = false;
        if (_spare[BitOperations.Log2((uint)layout.SizeBytes)] is { Count: > 0 } spare)
        {
            (address, isZero) = spare.Pop();
        }
        else if (memory.TryAllocate(layout.SizeBytes, layout.AlignmentBytes, out address) != Errno.None)
        {
            return false;
        }

        Allocations++;
        LiveBytes += layout.SizeBytes;
        return true;
    }

    /// <summary>Takes a table out of use; the TLB is flushed of it.</summary>
    public void Free(in FreedTable table)
    {
        Frees++;
        LiveBytes -= table.SizeBytes;
        ref SpareStack? spare = ref _spare[BitOperations.Log2((uint)table.SizeBytes)];
        if (spare is null ? spareTables > 0 : spare.Count < spareTables)
        {
            spare ??= new SpareStack(spareTables);
            spare.Push((table.Address, table.IsZero));
        }
        else
        {
            memory.Free(table.Address, table.SizeBytes);
        }
    }

    /// <summary>Gives all spare tables back.</summary>
    public void FreeSpare()
    {
        for (int order = 0; order < _spare.Length; order++)
        {
            while (_spare[order] is { Count: > 0 } spare)
            {
                memory.Free(spare.Pop().Address, 1 << order);
            }
        }
    }

    private sealed class SpareStack(int capacity)
    {
        private readonly (ulong Address, bool IsZero)[] _tables = new (ulong, bool)[capacity];

        public int Count { get; private set; }

        public void Push((ulong Address, bool IsZero) table) => _tables[Count++] = table;

        public (ulong Address, bool IsZero) Pop() => _tables[--Count];
    }
}
