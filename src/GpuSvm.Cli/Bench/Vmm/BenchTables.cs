using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Video memory for page tables: one array, cut into pieces of the sizes that are asked for, which are used again.</summary>
internal sealed class BenchTables : IPageTableMemory
{
    private const ulong First = 0x1_0000_0000;
    private const int Capacity = 64 << 20;
    private const int SmallestShift = 8;

    private readonly ulong[] _words = GC.AllocateArray<ulong>(Capacity / sizeof(ulong), pinned: true);
    private readonly Stack<ulong>[] _free = [.. Enumerable.Range(0, 16).Select(_ => new Stack<ulong>())];
    private ulong _used = First;

    /// <inheritdoc/>
    public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
    {
        if (_free[Class(sizeBytes)].TryPop(out address))
        {
            return Errno.None;
        }

        // Sizes are powers of two, and alignments no larger than a page: a size's own alignment is enough.
        ulong size = (ulong)Math.Max(sizeBytes, alignmentBytes);
        address = (_used + size - 1) & ~(size - 1);
        if (address + size - First > Capacity)
        {
            return Errno.ENOMEM;
        }

        _used = address + size;
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Free(ulong address, int sizeBytes) => _free[Class(sizeBytes)].Push(address);

    /// <inheritdoc/>
    public Span<ulong> Words(ulong address, int sizeBytes) => _words.AsSpan((int)((address - First) >> 3), sizeBytes >> 3);

    /// <inheritdoc/>
    public bool TryWords(ulong address, int sizeBytes, out Span<ulong> words)
    {
        words = Words(address, sizeBytes);
        return true;
    }

    private static int Class(int sizeBytes) => Math.Max(0, System.Numerics.BitOperations.Log2((uint)sizeBytes) - SmallestShift);
}
