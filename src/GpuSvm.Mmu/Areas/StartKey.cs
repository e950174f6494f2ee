namespace GpuSvm.Mmu.Areas;

/// <summary>Orders used pieces by address.</summary>
/// <param name="Start">First address.</param>
internal readonly record struct StartKey(ulong Start) : ISortKey<StartKey>
{
    /// <inheritdoc/>
    public static bool IsLess(in StartKey left, in StartKey right) => left.Start < right.Start;
}
