namespace GpuSvm.Cli.Bench.Faults;

/// <summary>Where the faults of a batch lie.</summary>
internal enum FaultLayout
{
    /// <summary>In 256 pages that follow each other, in any order.</summary>
    Dense,

    /// <summary>Anywhere in 64 MiB: in each of 32 blocks eight pages or so.</summary>
    Spread,

    /// <summary>Each in a block of its own.</summary>
    Apart,

    /// <summary>All in one page.</summary>
    OnePage,
}
