namespace GpuSvm.Driver.Tests.Faults;

/// <summary>The strategies that every rule of fault servicing is tested on.</summary>
internal static class StrategyCases
{
    public static TheoryData<string> All => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    /// <summary>Options with a strategy.</summary>
    public static SvmDriverOptions On(string strategy, SvmDriverOptions? options = null) =>
        (options ?? new SvmDriverOptions()) with { Strategy = MirrorStrategies.All.Single(other => other.Key == strategy).Value };
}
