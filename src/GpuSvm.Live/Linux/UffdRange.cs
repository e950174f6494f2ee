using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>Argument of all calls on a range: the kernel reads its first 16 (wake), 24 (write-protect) or 32 bytes (others).</summary>
/// <remarks>
/// Source: Linux include/uapi/linux/userfaultfd.h, structs uffdio_range, uffdio_writeprotect, uffdio_register, uffdio_continue and
/// uffdio_poison, each of which begins like the next longer one.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct UffdRange
{
    /// <summary>First byte, page-aligned.</summary>
    internal ulong Start;

    /// <summary>Number of bytes, page-aligned.</summary>
    internal ulong Length;

    /// <summary>What to do, in the call's own bits.</summary>
    internal ulong Mode;

    /// <summary>Out: a mask of calls (register), bytes that are done or a negated error (continue, poison).</summary>
    internal long Result;
}
