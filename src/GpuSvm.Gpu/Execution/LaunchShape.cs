namespace GpuSvm.Gpu;

/// <summary>How many threads a launch has.</summary>
/// <param name="Grid">Number of blocks.</param>
/// <param name="Block">Number of threads of a block.</param>
internal readonly record struct LaunchShape(int Grid, int Block)
{
    internal const int LanesPerWarp = 32;

    /// <summary>Number of warps that a block takes on its SM.</summary>
    internal int WarpsPerBlock => ((Block - 1) / LanesPerWarp) + 1;
}
