using GpuSvm.Driver;
using GpuSvm.Svm;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>Options are looked at in the app, before anything starts, and reach the engine as they are.</summary>
public sealed class SvmOptionsTests
{
    public static TheoryData<SvmOptions, string> Wrong => new()
    {
        { new SvmOptions { HeapLimit = 4095 }, "HeapLimit" },
        { new SvmOptions { Strategy = (MirrorStrategy)4 }, "Strategy must be one of PerFault, VmaSized, TableAligned, SizedRanges." },
        { new SvmOptions { Eviction = (EvictionPolicy)(-1) }, "Eviction must be one of" },
        { new SvmOptions { SystemAtomics = (SystemAtomics)2 }, "SystemAtomics must be one of" },
        { new SvmOptions { ReadAroundPages = 3 }, "ReadAroundPages must be a power of two from 1 to 512." },
        { new SvmOptions { Ranges = new() { Timeslice = TimeSpan.FromTicks(-1) } }, "Timeslice" },
        { new SvmOptions { Ranges = new() { ChunkSizes = [ByteSize.MiB(2)] } }, "ChunkSizes 2 MiB: expected powers of two" },
        {
            new SvmOptions { Strategy = MirrorStrategy.PerFault, Ranges = new() { Placement = SvmResidency.Auto } },
            "Placement Auto needs the strategy SizedRanges, not PerFault."
        },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_option_is_named(SvmOptions options, string expected)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(options.ToSettings);
        Assert.Contains(expected, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_driver_is_built_from_what_was_asked_for()
    {
        var ranges = new SvmRangeOptions
        {
            Placement = SvmResidency.Device,
            ChunkSizes = [ByteSize.KiB(64), ByteSize.KiB(4)],
            NotifierSize = ByteSize.MiB(4),
            Timeslice = TimeSpan.FromMilliseconds(7),
            AtomicTries = 2,
            Movement = Movement.AllOrNothing,
            PartialUnmap = PartialUnmap.DropRange,
            CheckPagesThreshold = ByteSize.KiB(8),
            RetryLimit = TimeSpan.FromSeconds(2),
        };
        DriverChoices choices = new SvmOptions
        {
            Execution = ExecutionMode.Parallel,
            Eviction = EvictionPolicy.OldestAllocation,
            ReadAroundPages = 64,
            SystemAtomics = SystemAtomics.DeviceExclusive,
            Ranges = ranges,
        }.ToSettings().ToDriverChoices();

        Assert.Equal(
            (ExecutionMode.Parallel, MirrorStrategy.SizedRanges, EvictionPolicy.OldestAllocation, 64, SystemAtomics.DeviceExclusive),
            (choices.Execution, choices.Strategy, choices.Eviction, choices.ReadAroundPages, choices.SystemAtomics));
        var usual = new SvmRangeOptions();
        Assert.All(typeof(SvmRangeOptions).GetProperties(), option => Assert.NotEqual(option.GetValue(usual), option.GetValue(ranges)));
        Assert.Equal(ranges.ChunkSizes, choices.Ranges.ChunkSizes);
        Assert.Equal(ranges, choices.Ranges with { ChunkSizes = ranges.ChunkSizes });
    }
}
