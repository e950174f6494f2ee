namespace GpuSvm.Mmu.Tests.Infrastructure;

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
