namespace GpuSvm.Mmu.Tables;

/// <summary>What one operation has to flush: gathered while entries change, issued once.</summary>
/// <param name="deepest">Depth of the page tables.</param>
internal struct TlbBatch(int deepest)
{
    private readonly int _deepest = deepest;
    private ulong _start = ulong.MaxValue;
    private ulong _end;
    private int _depth = deepest;

    /// <summary>Adds a range of addresses of which page entries changed.</summary>
    public void Add(ulong start, ulong end)
    {
        _start = Math.Min(_start, start);
        _end = Math.Max(_end, end);
    }

    /// <summary>Adds a changed entry of a directory.</summary>
    public void AddDirectory(int depth) => _depth = Math.Min(_depth, depth);

    /// <summary>Flushes what was added; nothing if that is nothing. On return no access through an old entry can complete.</summary>
    public readonly void Flush(ITlbInvalidator tlb, PageDirectoryBase root)
    {
        if (_start >= _end || Breaks.FlushLeftOut)
        {
            return;
        }

        int depth = Breaks.FlushTooShallow ? Math.Min(_depth + 1, _deepest) : _depth;
        tlb.InvalidateTlb(root, new AddressRange(_start, _end), depth);
    }
}
