namespace GpuSvm.Svm;

/// <summary>Pages of a device's memory that follow each other.</summary>
/// <param name="First">Number of the first.</param>
/// <param name="Count">How many, at least 1.</param>
internal readonly record struct PageRun(ulong First, ulong Count)
{
    /// <summary>The page behind the last.</summary>
    public ulong End => First + Count;
}
