namespace GpuSvm.Mmu;

/// <summary>Entries of a request that follow each other.</summary>
/// <param name="First">Index of the first.</param>
/// <param name="Count">How many: at least 1.</param>
public readonly record struct PfnSpan(int First, int Count)
{
    /// <summary>Index behind the last.</summary>
    public int End => First + Count;
}
