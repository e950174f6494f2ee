namespace GpuSvm.Core;

/// <summary>The base page: 4 KiB on the CPU and on the GPU.</summary>
/// <remarks>Source: Linux PAGE_SHIFT on x86-64; NVIDIA GMMU small page (4 KiB).</remarks>
public static class Page
{
    /// <summary>Binary logarithm of the page size.</summary>
    public const int Shift = 12;

    /// <summary>Size of a page in bytes: 4096.</summary>
    public const ulong Size = 1UL << Shift;

    /// <summary>The bits of an address that lie inside a page.</summary>
    public const ulong OffsetMask = Size - 1;

    /// <summary>Rounds a byte count or address down to a multiple of the page size.</summary>
    public static ulong AlignDown(ulong value) => value & ~OffsetMask;

    /// <summary>True if a byte count or address is a multiple of the page size.</summary>
    public static bool IsAligned(ulong value) => (value & OffsetMask) == 0;

    /// <summary>Number of pages that hold <paramref name="sizeBytes"/> bytes, rounded up; exact for every value.</summary>
    public static ulong Count(ulong sizeBytes) => (sizeBytes >> Shift) + (IsAligned(sizeBytes) ? 0UL : 1UL);
}
