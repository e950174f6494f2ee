using GpuSvm.Core;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>Which pages a kernel uses, and the number it stores.</summary>
internal readonly record struct PageArgs(VirtualAddress Base, long Pages, int Value)
{
    /// <summary>Distance of two pages that are used.</summary>
    public ulong Step { get; init; } = Page.Size;

    /// <summary>Where a kernel says that it runs.</summary>
    public VirtualAddress Flag { get; init; }
}
