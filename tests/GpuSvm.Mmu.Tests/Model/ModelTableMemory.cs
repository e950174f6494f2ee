using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>
/// Page-table memory that hands out dirty tables at addresses that are never used again, and throws when what was freed is read.
/// </summary>
internal sealed class ModelTableMemory(InjectedFailures failures) : IPageTableMemory
{
    private const ulong Dirt = 0xdddd_dddd_dddd_dddd;
    private readonly List<ulong[]?> _tables = [null];
    private readonly Dictionary<int, Stack<ulong[]>> _spare = [];

    /// <summary>No more tables than this; 0 for no limit.</summary>
    public int Limit { get; set; }

    public int Live { get; private set; }

    public long LiveBytes { get; private set; }

    /// <summary>Is told of each table that is freed.</summary>
    public Action<ulong>? Freed { get; set; }

    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        address = 0;
        if (Limit != 0 && Live >= Limit)
        {
            failures.HaveFired = true;
            return Errno.ENOMEM;
        }

        if (failures.Fails(FailureSite.PageTable))
        {
            return Errno.ENOMEM;
        }

        // Every table begins a page of its own, as far apart as its alignment asks for.
        int step = Math.Max(alignmentBytes >> Page.Shift, 1);
        while (_tables.Count % step != 0)
        {
            _tables.Add(null);
        }

        address = (ulong)_tables.Count << Page.Shift;
        bool isSpare = _spare.TryGetValue(sizeBytes, out Stack<ulong[]>? spare) && spare.Count > 0;
        ulong[] words = isSpare ? spare!.Pop() : new ulong[sizeBytes / 8];
        words.AsSpan().Fill(Dirt);
        _tables.Add(words);
        for (ulong more = Page.Size; more < (ulong)sizeBytes; more += Page.Size)
        {
            _tables.Add(null);
        }

        Live++;
        LiveBytes += sizeBytes;
        return Errno.None;
    }

    public void Free(ulong address, int sizeBytes)
    {
        ulong[] words = TableAt(address, sizeBytes);
        Freed?.Invoke(address);
        words.AsSpan().Fill(Dirt);
        _tables[(int)(address >> Page.Shift)] = null;
        if (!_spare.TryGetValue(sizeBytes, out Stack<ulong[]>? spare))
        {
            spare = _spare[sizeBytes] = new Stack<ulong[]>();
        }

        spare.Push(words);
        Live--;
        LiveBytes -= sizeBytes;
    }

    public Span<ulong> Words(ulong address, int sizeBytes) => TableAt(address, sizeBytes);

    private ulong[] TableAt(ulong address, int sizeBytes)
    {
        ulong at = address >> Page.Shift;
        return at < (ulong)_tables.Count && _tables[(int)at] is { } words && words.Length == sizeBytes / 8
            ? words
            : throw new DisagreementException($"no table of {sizeBytes} bytes at 0x{address:x}");
    }
}
