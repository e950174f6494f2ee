using GpuSvm.Svm;

namespace GpuSvm.Live;

/// <summary>Pages of one range of which the same holds.</summary>
internal sealed record RangeRunBody
{
    /// <summary>First byte.</summary>
    public required ulong Start { get; init; }

    /// <summary>First byte behind them.</summary>
    public required ulong End { get; init; }

    /// <summary>Where they are.</summary>
    public required SvmPlace Place { get; init; }

    /// <summary>What the GPU may do with them.</summary>
    public required Protection Gpu { get; init; }

    /// <summary>First byte of their range.</summary>
    public required ulong RangeStart { get; init; }

    /// <summary>First byte behind the range.</summary>
    public required ulong RangeEnd { get; init; }

    /// <summary>The body that tells of a run.</summary>
    internal static RangeRunBody Of(SvmResidencyRun run) => new()
    {
        Start = run.Pages.Start.Value,
        End = run.Pages.End.Value,
        Place = run.Place,
        Gpu = run.Rights,
        RangeStart = run.Chunk.Start.Value,
        RangeEnd = run.Chunk.End.Value,
    };

    /// <summary>The run that the body tells of.</summary>
    internal SvmResidencyRun ToRun() => new(new AddressRange(Start, End), Place, Gpu, new AddressRange(RangeStart, RangeEnd));
}
