namespace GpuSvm.SvmTests;

/// <summary>What a test runs on.</summary>
public sealed record SvmTestOptions
{
    /// <summary>Where all chance comes from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Name of the driver's mirror strategy: one of <see cref="MirrorStrategies.All"/>; null for the driver's own choice.</summary>
    public string? Strategy { get; init; }

    /// <summary>The driver's options, without what the machine decides.</summary>
    internal SvmDriverOptions DriverOptions => Strategy is { } name
        ? new SvmDriverOptions { Strategy = MirrorStrategies.All.First(one => one.Key == name).Value }
        : new SvmDriverOptions();
}
