namespace GpuSvm.Cli.Bench;

/// <summary>Something that is measured: built before it, run several times, disposed of after it.</summary>
internal abstract class Benchmark : IDisposable
{
    /// <summary>What is measured, as <c>area.thing</c>: <c>gpu.load_tlb_hit</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Unit of the figures: <c>ns</c> for the time of one operation, <c>1/s</c> for operations a second, ….</summary>
    public abstract string Unit { get; }

    /// <summary>What tells whether another implementation did the same; null if there is no such thing. Asked after the last run.</summary>
    public virtual string? Digest => null;

    /// <summary>Counts the managed memory that the work takes when warm, apart from what each run sets up; null to count whole runs.</summary>
    public virtual long? CountAllocatedBytes() => null;

    /// <summary>Runs once and gives the figure, in <see cref="Unit"/>.</summary>
    public abstract double RunOnce();

    /// <inheritdoc/>
    public abstract void Dispose();
}
