using GpuSvm.Gpu;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>Moves no byte: what a migration takes with it is all but the copy.</summary>
internal sealed class NoCopyEngine : ICopyEngine
{
    /// <inheritdoc/>
    public long PassedFence { get; private set; }

    /// <inheritdoc/>
    public long Submit(ReadOnlySpan<CopyCommand> commands) => ++PassedFence;

    /// <inheritdoc/>
    public Errno Wait(long fence, Deadline deadline) => Errno.None;
}
