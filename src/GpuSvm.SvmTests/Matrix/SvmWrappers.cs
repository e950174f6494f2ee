namespace GpuSvm.SvmTests;

/// <summary>The wrappers that there are.</summary>
internal static class SvmWrappers
{
    private const ulong Large = HugePage.Size;
    private const ulong Medium = 64 * 1024;

    /// <summary>Distance of records that lie on every other page.</summary>
    private const int Stride = 2 * ExecRecord.OnPage;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SvmWrapper> All { get; } =
    [
        new("once", 1),
        new("once-large", 1, SizeBytes: Large),
        new("twice", 2),
        new("twice-large", 2, SizeBytes: Large),
        new("many", 32),
        new("many-stride", 32, Stride: Stride),
        new("many-execqueues", 32, Queues: 16),
        new("many-large", 4, SizeBytes: Large),
        new("many-64k", 16, SizeBytes: Medium),
        new("many-large-execqueues", 8, Queues: 8, SizeBytes: Large),
        .. Spreaded("threads", Spread.Threads),
        .. Spreaded("threads-shared-vm", Spread.ThreadsSharedVm),
        .. Spreaded("process", Spread.Processes),
    ];

    private static SvmWrapper[] Spreaded(string prefix, Spread spread) =>
    [
        new($"{prefix}-many", 8, Spread: spread),
        new($"{prefix}-many-stride", 8, Stride: Stride, Spread: spread),
        new($"{prefix}-many-execqueues", 8, Queues: 4, Spread: spread),
        new($"{prefix}-many-large", 2, SizeBytes: Large, Spread: spread),
        new($"{prefix}-many-large-execqueues", 2, Queues: 2, SizeBytes: Large, Spread: spread),
    ];
}
