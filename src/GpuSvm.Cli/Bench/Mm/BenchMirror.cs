using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>A mirror without entries.</summary>
internal sealed class BenchMirror : IMirror
{
    /// <inheritdoc/>
    public RankedLock UpdateLock { get; } = new(LockRank.Update);

    /// <inheritdoc/>
    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation) => true;
}
