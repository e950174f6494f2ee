namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>Page-table memory in plain arrays.</summary>
internal sealed class ArrayTableMemory : IPageTableMemory
{
    private readonly Dictionary<ulong, ulong[]> _tables = [];
    private ulong _next = 0x1000;

    public int Count => _tables.Count;

    /// <summary>Number of tables that may still be made.</summary>
    public int Budget { get; set; } = int.MaxValue;

    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        address = 0;
        if (Budget-- <= 0)
        {
            return Errno.ENOMEM;
        }

        address = _next;
        _next += Math.Max((ulong)sizeBytes, Page.Size);
        var words = new ulong[sizeBytes / 8];
        Array.Fill(words, 0xdead_dead_dead_deadUL);
        _tables.Add(address, words);
        return Errno.None;
    }

    public void Free(ulong address, int sizeBytes) => Assert.True(_tables.Remove(address), "what is freed was allocated");

    public Span<ulong> Words(ulong address, int sizeBytes) => _tables[address].AsSpan(0, sizeBytes / 8);
}
