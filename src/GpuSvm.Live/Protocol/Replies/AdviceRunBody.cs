namespace GpuSvm.Live;

/// <summary>Pages of which the same was said.</summary>
internal sealed record AdviceRunBody
{
    /// <summary>First byte.</summary>
    public required ulong Start { get; init; }

    /// <summary>First byte behind them.</summary>
    public required ulong End { get; init; }

    /// <summary>What was said.</summary>
    public required MemoryAdvice Advice { get; init; }
}
