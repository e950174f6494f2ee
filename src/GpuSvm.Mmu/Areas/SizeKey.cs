namespace GpuSvm.Mmu.Areas;

/// <summary>Orders free pieces by size, then by address: the first that fits is the best fit.</summary>
/// <param name="Size">Number of bytes.</param>
/// <param name="Start">First address.</param>
internal readonly record struct SizeKey(ulong Size, ulong Start) : ISortKey<SizeKey>
{
    /// <inheritdoc/>
    public static bool IsLess(in SizeKey left, in SizeKey right) =>
        (left.Size < right.Size) | ((left.Size == right.Size) & (left.Start < right.Start));
}
