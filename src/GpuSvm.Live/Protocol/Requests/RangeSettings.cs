using GpuSvm.Svm;

namespace GpuSvm.Live;

/// <summary><see cref="SvmRangeOptions"/> as numbers.</summary>
internal sealed record RangeSettings
{
    /// <summary>Sizes of ranges, falling.</summary>
    public required ByteSize[] ChunkSizes { get; init; }

    /// <summary>Bytes of a notifier.</summary>
    public required ulong NotifierBytes { get; init; }

    /// <summary>Where pages are to live.</summary>
    public required SvmResidency Placement { get; init; }

    /// <summary>How long pages stay on the GPU though the CPU touches them, in units of 100 ns.</summary>
    public required long TimesliceTicks { get; init; }

    /// <summary>How often an atomic access tries to have its range in the GPU's memory.</summary>
    public required int AtomicTries { get; init; }

    /// <summary>What becomes of a range of which a part is unmapped.</summary>
    public required PartialUnmap PartialUnmap { get; init; }

    /// <summary>What becomes of a range of which not every page can move.</summary>
    public required Movement Movement { get; init; }

    /// <summary>Ranges up to so many bytes are made only where the CPU has every page.</summary>
    public required ulong CheckPagesBytes { get; init; }

    /// <summary>How long pages are looked up again, in units of 100 ns.</summary>
    public required long RetryTicks { get; init; }

    /// <summary>The settings that say the same as options.</summary>
    internal static RangeSettings Of(SvmRangeOptions options) => new()
    {
        ChunkSizes = [.. options.ChunkSizes],
        NotifierBytes = options.NotifierSize.Bytes,
        Placement = options.Placement,
        TimesliceTicks = options.Timeslice.Ticks,
        AtomicTries = options.AtomicTries,
        PartialUnmap = options.PartialUnmap,
        Movement = options.Movement,
        CheckPagesBytes = options.CheckPagesThreshold.Bytes,
        RetryTicks = options.RetryLimit.Ticks,
    };

    /// <summary>The options that say the same; not looked at yet.</summary>
    internal SvmRangeOptions ToOptions() => new()
    {
        ChunkSizes = ChunkSizes,
        NotifierSize = new ByteSize(NotifierBytes),
        Placement = Placement,
        Timeslice = TimeSpan.FromTicks(TimesliceTicks),
        AtomicTries = AtomicTries,
        PartialUnmap = PartialUnmap,
        Movement = Movement,
        CheckPagesThreshold = new ByteSize(CheckPagesBytes),
        RetryLimit = TimeSpan.FromTicks(RetryTicks),
    };
}
