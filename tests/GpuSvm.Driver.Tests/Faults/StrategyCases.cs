namespace GpuSvm.Driver.Tests.Faults;

/// <summary>The strategies that every rule of fault servicing is tested on.</summary>
internal static class StrategyCases
{
    public static TheoryData<string> All => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    /// <summary>Options with a strategy, whose ranges are as large as they may be.</summary>
    public static SvmDriverOptions OnLargest(string strategy, SvmDriverOptions? options = null) =>
        On(strategy, options) with { Ranges = new SvmRangeOptions() };

    /// <summary>Options with a strategy; ranges are pages, so that what is mapped can be counted as on the others.</summary>
    public static SvmDriverOptions On(string strategy, SvmDriverOptions? options = null) => (options ?? new SvmDriverOptions()) with
    {
        Strategy = MirrorStrategies.All.Single(other => other.Key == strategy).Value,
        Ranges = new SvmRangeOptions { ChunkSizes = [ByteSize.KiB(4)] },
    };
}
