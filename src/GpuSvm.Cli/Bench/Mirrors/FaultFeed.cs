namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary>Where the faults of a <see cref="MirrorMachine"/> come from.</summary>
internal enum FaultFeed
{
    /// <summary>The benchmark writes them into the ring; no GPU thread runs.</summary>
    Ring,

    /// <summary>Threads of a kernel fault.</summary>
    Kernel,
}
