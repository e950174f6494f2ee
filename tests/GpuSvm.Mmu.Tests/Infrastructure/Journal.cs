using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Infrastructure;

/// <summary>What an address space asked of the machine below it, in order.</summary>
internal sealed class Journal
{
    private readonly List<string> _lines = [];

    /// <summary>The entries since the last <see cref="Take"/>, as one text for comparison, a line each.</summary>
    public string Take()
    {
        string text = string.Join('\n', _lines);
        _lines.Clear();
        return text;
    }

    public void Add(string line) => _lines.Add(line);
}

/// <summary>Counts the attempts at one kind of allocation and fails the one it was told to fail.</summary>
internal sealed class FailurePoint
{
    /// <summary>Attempts so far.</summary>
    public int Attempts { get; private set; }

    /// <summary>Attempts that still succeed; negative for all.</summary>
    public int Allowed { get; set; } = -1;

    public bool Fails()
    {
        Attempts++;
        return Allowed >= 0 && Allowed-- == 0;
    }
}

/// <summary>Page-table memory that hands out dirty tables, poisons freed ones and refuses to read what is not allocated.</summary>
internal sealed class RecordingPageTableMemory(Journal journal) : IPageTableMemory
{
    private const ulong Dirt = 0xdddd_dddd_dddd_dddd;
    private readonly Dictionary<ulong, ulong[]> _tables = [];
    private ulong _next = 0x1000;

    public FailurePoint Failures { get; } = new();

    public long LiveBytes { get; private set; }

    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        address = 0;
        if (Failures.Fails())
        {
            return Errno.ENOMEM;
        }

        ulong alignment = (ulong)alignmentBytes;
        address = (_next + alignment - 1) & ~(alignment - 1);
        _next = address + (ulong)sizeBytes;
        var words = new ulong[sizeBytes / 8];
        Array.Fill(words, Dirt);
        _tables.Add(address, words);
        LiveBytes += sizeBytes;
        journal.Add($"alloc {sizeBytes}");
        return Errno.None;
    }

    public void Free(ulong address, int sizeBytes)
    {
        Assert.True(_tables.Remove(address, out ulong[]? words), $"Table 0x{address:x} is not allocated.");
        Assert.Equal(words!.Length * 8, sizeBytes);
        Array.Fill(words, Dirt);
        LiveBytes -= sizeBytes;
        journal.Add($"free {sizeBytes}");
    }

    public Span<ulong> Words(ulong address, int sizeBytes)
    {
        Assert.True(_tables.TryGetValue(address, out ulong[]? words), $"Table 0x{address:x} is not allocated.");
        Assert.Equal(words!.Length * 8, sizeBytes);
        return words;
    }
}

/// <summary>An IOMMU whose addresses are new for each mapping and tell nothing about the frame.</summary>
internal sealed class RecordingDmaMapper(Journal journal) : IDmaMapper
{
    private readonly Dictionary<ulong, (FrameNumber Frame, DmaDirection Direction)> _mappings = [];
    private ulong _next = 0x4000_0000;

    public FailurePoint Failures { get; } = new();

    public long MappedPages => _mappings.Count;

    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = default;
        Assert.Equal(0, order);
        if (Failures.Fails())
        {
            return Errno.ENOMEM;
        }

        address = new DeviceAddress(_next);
        _next += Page.Size;
        _mappings.Add(address.Value, (frame, direction));
        journal.Add($"map {frame} {direction}");
        return Errno.None;
    }

    public void Unmap(DeviceAddress address, int order)
    {
        Assert.Equal(0, order);
        Assert.True(_mappings.Remove(address.Value, out var mapping), $"{address} is not mapped.");
        journal.Add($"unmap {mapping.Frame}");
    }

    /// <summary>The frame behind a device address, and what the device may do with it.</summary>
    public (FrameNumber Frame, DmaDirection Direction) Resolve(ulong address) => _mappings[address];
}

/// <summary>A device that records what it was told to forget.</summary>
internal sealed class RecordingTlb(Journal journal) : ITlbInvalidator
{
    public int Count { get; private set; }

    /// <summary>Called at the moment of each flush, to look at the state that the flush finds.</summary>
    public Action? AtFlush { get; set; }

    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth)
    {
        Count++;
        journal.Add($"flush {range} depth {depth}");
        AtFlush?.Invoke();
    }
}
