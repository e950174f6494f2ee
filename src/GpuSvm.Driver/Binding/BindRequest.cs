namespace GpuSvm.Driver;

/// <summary>What a program asks the driver to do with a range of its addresses, word by word as it gives it.</summary>
/// <remarks>
/// <code>
/// header   63      48 47                              16 15       8 7        0
///         +----------+----------------------------------+----------+----------+
///         |    0     | target                           | priority | command  |
///         +----------+----------------------------------+----------+----------+
/// </code>
/// Source: Linux include/uapi/drm/nouveau_drm.h, struct drm_nouveau_svm_bind, NOUVEAU_SVM_BIND_*.
/// </remarks>
public readonly record struct BindRequest
{
    /// <summary>The command to migrate pages, the only one.</summary>
    public const ulong CommandMigrate = 0;

    /// <summary>The target: the memory of the GPU, the only one.</summary>
    public const ulong TargetVideoMemory = 1UL << 31;

    private static BitField Command => new(7, 0);

    private static BitField Priority => new(15, 8);

    private static BitField Target => new(47, 16);

    private static BitField Reserved => new(63, 48);

    /// <summary>Command, priority and target.</summary>
    public ulong Header { get; init; }

    /// <summary>First address; rounded down to a page.</summary>
    public ulong Start { get; init; }

    /// <summary>First address behind the range; rounded up to a page.</summary>
    public ulong End { get; init; }

    /// <summary>Bytes between what is to be bound: 0.</summary>
    public ulong Stride { get; init; }

    /// <summary>Must be 0.</summary>
    public ulong Reserved0 { get; init; }

    /// <summary>Must be 0.</summary>
    public ulong Reserved1 { get; init; }

    /// <summary>Asks for the pages of a range to be moved to the GPU's memory.</summary>
    /// <param name="start">First address.</param>
    /// <param name="end">First address behind the range.</param>
    /// <param name="priority">0 to 255; changes nothing.</param>
    public static BindRequest Migrate(VirtualAddress start, VirtualAddress end, byte priority = 0) => new()
    {
        Header = Command.Put(CommandMigrate) | Priority.Put(priority) | Target.Put(TargetVideoMemory),
        Start = start,
        End = end,
    };

    /// <summary>Finds out what is asked for.</summary>
    /// <param name="range">The pages, in case of success.</param>
    /// <returns>False for what no driver does: a reserved bit, another command or target, a stride, or no page at all.</returns>
    internal bool TryRead(out AddressRange range)
    {
        range = default;
        ulong start = Page.AlignDown(Start);

        // The original rounds up modulo 2^64: an end in the last page becomes 0, which lies below every start.
        ulong end = unchecked(End + Page.OffsetMask) & ~Page.OffsetMask;
        bool isKnown =
            Reserved0 == 0 && Reserved1 == 0 && Stride == 0 && Reserved.Get(Header) == 0 &&
            Command.Get(Header) == CommandMigrate && Target.Get(Header) == TargetVideoMemory && start < end;
        range = isKnown ? new AddressRange(start, end) : default;
        return isKnown;
    }
}
