namespace GpuSvm.Scenarios;

/// <summary>Memory for page tables that tells who reads one that was freed. What is freed, or not written yet, looks like a peer's page.</summary>
internal sealed class RaceTables : IPageTableMemory
{
    private const ulong Poison = 0xdbdb_dbdb_dbdb_dbdb;
    private readonly Dictionary<ulong, ulong[]> _tables = [];
    private ulong _next = Page.Size;

    /// <summary>Number of tables that are not freed.</summary>
    public int Live => _tables.Count;

    /// <inheritdoc/>
    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        address = _next;
        _next += Page.Size;
        ulong[] words = new ulong[sizeBytes / sizeof(ulong)];
        words.AsSpan().Fill(Poison);
        _tables.Add(address, words);
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Free(ulong address, int sizeBytes)
    {
        // A walk may hold the table already.
        Words(address, sizeBytes).Fill(Poison);
        _tables.Remove(address);
    }

    /// <inheritdoc/>
    public Span<ulong> Words(ulong address, int sizeBytes) => _tables.TryGetValue(address, out ulong[]? words)
        ? words
        : throw new InvariantException("No walk reads a table that was freed.");
}
