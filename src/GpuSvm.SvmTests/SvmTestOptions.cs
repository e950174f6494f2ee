namespace GpuSvm.SvmTests;

/// <summary>What a test runs on.</summary>
public sealed record SvmTestOptions
{
    /// <summary>Where all chance comes from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Name of the driver's mirror strategy: one of <see cref="MirrorStrategies.All"/>; null for the driver's own choice.</summary>
    public string? Strategy { get; init; }

    /// <summary>Where pages are to live once the GPU has touched them; only ranges of the strategy "sized-ranges" move by themselves.</summary>
    public SvmResidency Placement { get; init; }

    /// <summary>The driver's options, without what the machine decides.</summary>
    internal SvmDriverOptions DriverOptions
    {
        get
        {
            var options = new SvmDriverOptions { Ranges = new SvmRangeOptions { Placement = Placement, Timeslice = Timeslice } };
            return Strategy is { } name ? options with { Strategy = MirrorStrategies.All.First(one => one.Key == name).Value } : options;
        }
    }

    /// <summary>As good as none, so that a test in which CPU and GPU use a page by turns does not wait at every turn.</summary>
    private TimeSpan Timeslice => Placement == SvmResidency.Auto ? TimeSpan.FromMicroseconds(100) : TimeSpan.Zero;
}
