using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Infrastructure;

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
