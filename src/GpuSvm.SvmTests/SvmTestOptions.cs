namespace GpuSvm.SvmTests;

/// <summary>What a test runs on.</summary>
public sealed record SvmTestOptions
{
    /// <summary>Name of the strategy whose ranges move by themselves.</summary>
    public const string Ranges = "sized-ranges";

    /// <summary>Where all chance comes from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Name of the driver's mirror strategy: one of <see cref="MirrorStrategies.All"/>; the driver's own choice unless set.</summary>
    public string Strategy { get; init; } = MirrorStrategies.All.First(one => one.Value == new SvmDriverOptions().Strategy).Key;

    /// <summary>Where pages are to live once the GPU has touched them; it counts for <see cref="Ranges"/>.</summary>
    public SvmResidency Placement { get; init; }

    /// <summary>Strategy and placement in a word, which ends the names of the explorer's races.</summary>
    public string Label => Placement == SvmResidency.System ? Strategy : $"{Strategy}-{(Placement == SvmResidency.Device ? "device" : "auto")}";

    /// <summary>What tests may run on: every strategy, and every placement of ranges.</summary>
    internal static IEnumerable<SvmTestOptions> Choices =>
    [
        .. MirrorStrategies.All.Select(strategy => new SvmTestOptions { Strategy = strategy.Key }),
        new() { Strategy = Ranges, Placement = SvmResidency.Device },
        new() { Strategy = Ranges, Placement = SvmResidency.Auto },
    ];

    /// <summary>The driver's options, without what the machine decides.</summary>
    internal SvmDriverOptions DriverOptions => new()
    {
        Strategy = MirrorStrategies.All.First(one => one.Key == Strategy).Value,
        Ranges = new SvmRangeOptions { Placement = Placement, Timeslice = Timeslice },
    };

    /// <summary>As good as none, so that a test in which CPU and GPU use a page by turns does not wait at every turn.</summary>
    private TimeSpan Timeslice => Placement == SvmResidency.Auto ? TimeSpan.FromMicroseconds(100) : TimeSpan.Zero;
}
