namespace GpuSvm.Live;

/// <summary>How a page is mapped, by the engine's own books.</summary>
internal sealed record PageStateReply
{
    /// <summary>True if it belongs to a buffer.</summary>
    public required bool IsMapped { get; init; }

    /// <summary>What the CPU may do with it without a fault.</summary>
    public required Protection Cpu { get; init; }

    /// <summary>What the GPU may do with it without a fault.</summary>
    public required Protection Gpu { get; init; }

    /// <summary>The reply that tells of a residency.</summary>
    internal static PageStateReply Of(PageResidency residency) => new()
    {
        IsMapped = residency.Placement != PagePlacement.Nowhere,
        Cpu = residency.Cpu,
        Gpu = residency.Gpu,
    };

    /// <summary>The residency that the reply tells of.</summary>
    internal PageResidency ToResidency() => new(IsMapped ? PagePlacement.SystemMemory : PagePlacement.Nowhere, Cpu, Gpu);
}
