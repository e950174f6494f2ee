namespace GpuSvm.Mmu.Tables;

/// <summary>What one operation has to flush: gathered while entries change, issued once.</summary>
/// <param name="deepest">Depth of the page tables.</param>
internal struct TlbBatch(int deepest)
{
    private readonly int _deepest = deepest;
    private ulong _start = ulong.MaxValue;
    private ulong _end;
    private int _depth = int.MaxValue;

    /// <summary>True if something has to be flushed.</summary>
    public readonly bool IsNeeded => _depth != int.MaxValue;

    /// <summary>Notes that an entry was changed, or removed, that the device may remember.</summary>
    /// <param name="depth">Depth of its table.</param>
    public void Mark(int depth) => _depth = Math.Min(_depth, depth);

    /// <summary>Adds the addresses that the marked entries are about; without a mark they do not matter.</summary>
    public void Add(ulong start, ulong end)
    {
        if (IsNeeded)
        {
            _start = Math.Min(_start, start);
            _end = Math.Max(_end, end);
        }
    }

    /// <summary>Flushes what was marked; nothing if that is nothing. On return no access through an old entry can complete.</summary>
    /// <returns>True if the device was told.</returns>
    public bool Flush(ITlbInvalidator tlb, PageDirectoryBase root)
    {
        int depth = _depth;
        ulong start = _start;
        ulong end = _end;
        _depth = int.MaxValue;
        _start = ulong.MaxValue;
        _end = 0;
        if (start >= end || Breaks.FlushLeftOut)
        {
            return false;
        }

        tlb.InvalidateTlb(root, new AddressRange(start, end), Breaks.FlushTooShallow ? Math.Min(depth + 1, _deepest) : depth);
        return true;
    }
}
