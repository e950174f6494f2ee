using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>The video memory that a script's page tables lie in: the k-th table at a place that follows from k alone.</summary>
internal sealed class ScriptTables : IPageTableMemory
{
    /// <summary>How many tables there can be at a time: 1 GiB of them, so that no script fills the computer's memory.</summary>
    public const int Capacity = 1 << 18;

    private const ulong First = 0x1_0000_0000;
    private const int DistanceShift = 12;

    private readonly List<ulong[]?> _tables = [];
    private readonly Dictionary<int, Stack<ulong[]>> _spare = [];

    /// <summary>Which allocation fails.</summary>
    public FailurePoint Failure { get; } = new();

    /// <summary>How many tables may be live before allocations fail; 0 for no limit.</summary>
    public ulong Limit { get; set; }

    /// <summary>Tables allocated since <see cref="ResetCounts"/>.</summary>
    public long Allocations { get; private set; }

    /// <summary>Tables freed since <see cref="ResetCounts"/>.</summary>
    public long Frees { get; private set; }

    /// <summary>Tables that are allocated now.</summary>
    public long Live { get; private set; }

    /// <summary>Counts from 0 on again; what is live stays counted.</summary>
    public void ResetCounts() => (Allocations, Frees) = (0, 0);

    /// <inheritdoc/>
    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        address = First + ((ulong)_tables.Count << DistanceShift);
        if (Failure.Fails() || (Limit != 0 && (ulong)Live >= Limit) || Live == Capacity)
        {
            address = 0;
            return Errno.ENOMEM;
        }

        _tables.Add(_spare.GetValueOrDefault(sizeBytes)?.TryPop(out ulong[]? spare) == true ? spare : new ulong[sizeBytes / sizeof(ulong)]);
        Allocations++;
        Live++;
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Free(ulong address, int sizeBytes)
    {
        int number = (int)((address - First) >> DistanceShift);
        if (!_spare.TryGetValue(sizeBytes, out Stack<ulong[]>? spare))
        {
            _spare.Add(sizeBytes, spare = new Stack<ulong[]>());
        }

        spare.Push(_tables[number]!);
        _tables[number] = null;
        Frees++;
        Live--;
    }

    /// <inheritdoc/>
    public Span<ulong> Words(ulong address, int sizeBytes) => TryWords(address, sizeBytes, out Span<ulong> words)
        ? words
        : throw new ArgumentOutOfRangeException(nameof(address), $"0x{address:x}", "No table lies there.");

    /// <inheritdoc/>
    public bool TryWords(ulong address, int sizeBytes, out Span<ulong> words)
    {
        ulong number = unchecked(address - First) >> DistanceShift;
        words = number < (ulong)_tables.Count && _tables[(int)number] is { } table ? table : [];
        return !words.IsEmpty;
    }
}
