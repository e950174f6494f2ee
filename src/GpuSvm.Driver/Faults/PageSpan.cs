namespace GpuSvm.Driver;

/// <summary>Pages of a block that are looked up together.</summary>
/// <param name="First">Index of the first in its block.</param>
/// <param name="End">Index behind the last.</param>
internal readonly record struct PageSpan(int First, int End)
{
    /// <summary>Number of pages.</summary>
    public int Count => End - First;

    /// <summary>True if a page is one of them.</summary>
    public bool Contains(int page) => page >= First && page < End;
}
