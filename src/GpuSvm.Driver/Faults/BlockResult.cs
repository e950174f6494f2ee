namespace GpuSvm.Driver;

/// <summary>What became of a block in short: enough to act on where every page got what its faults asked for.</summary>
/// <param name="IsPlain">True if each page was mapped, by its first fault or with a larger page: nothing else needs a look.</param>
/// <param name="Pages">Number of pages that faulted.</param>
/// <param name="Skipped">Number of them that came with a larger page.</param>
internal readonly record struct BlockResult(bool IsPlain, int Pages, int Skipped);
