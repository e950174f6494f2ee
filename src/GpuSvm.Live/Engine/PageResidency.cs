namespace GpuSvm;

/// <summary>Where a page is, and who may use it how at this moment without a fault.</summary>
/// <param name="Placement">Where its bytes are.</param>
/// <param name="Cpu">What the CPU may do; the kernel's own entry may allow less, never more.</param>
/// <param name="Gpu">What the GPU may do.</param>
public sealed record PageResidency(PagePlacement Placement, Protection Cpu, Protection Gpu)
{
    /// <summary>The residency in words: <c>in system memory, CPU read-write, GPU read</c>.</summary>
    public override string ToString() =>
        $"{Words(Placement)}, CPU {Word(Cpu)}, GPU {Word(Gpu)}";

    private static string Words(PagePlacement placement) => placement switch
    {
        PagePlacement.Nowhere => "nowhere yet",
        PagePlacement.SystemMemory => "in system memory",
        _ => "in the GPU's memory",
    };

    private static string Word(Protection rights) => rights switch
    {
        Protection.None => "none",
        Protection.Read => "read",
        _ => "read-write",
    };
}
