namespace GpuSvm.Live;

/// <summary>Pages of which the same holds.</summary>
internal sealed record ResidencyRunBody
{
    /// <summary>First byte.</summary>
    public required ulong Start { get; init; }

    /// <summary>First byte behind them.</summary>
    public required ulong End { get; init; }

    /// <summary>What holds.</summary>
    public required PageStateReply State { get; init; }

    /// <summary>The body that tells of a run.</summary>
    internal static ResidencyRunBody Of(PageResidencyRun run) =>
        new() { Start = run.Range.Start.Value, End = run.Range.End.Value, State = PageStateReply.Of(run.Residency) };

    /// <summary>The run that the body tells of.</summary>
    internal PageResidencyRun ToRun() => new(new AddressRange(Start, End), State.ToResidency());
}
