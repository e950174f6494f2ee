namespace GpuSvm.Live;

/// <summary>How a page is mapped, by the engine's own books.</summary>
internal sealed record PageStateReply
{
    /// <summary>Where its bytes are.</summary>
    public required PagePlacement Placement { get; init; }

    /// <summary>What the CPU may do with it without a fault.</summary>
    public required Protection Cpu { get; init; }

    /// <summary>What the GPU may do with it without a fault.</summary>
    public required Protection Gpu { get; init; }

    /// <summary>The reply that tells of a residency.</summary>
    internal static PageStateReply Of(PageResidency residency) => new()
    {
        Placement = residency.Placement,
        Cpu = residency.Cpu,
        Gpu = residency.Gpu,
    };

    /// <summary>The residency that the reply tells of.</summary>
    internal PageResidency ToResidency() => new(Placement, Cpu, Gpu);
}
