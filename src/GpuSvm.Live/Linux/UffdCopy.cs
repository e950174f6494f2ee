using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>Argument of the call that gives a process private pages, 40 bytes.</summary>
/// <remarks>Source: Linux include/uapi/linux/userfaultfd.h, struct uffdio_copy.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UffdCopy
{
    /// <summary>In: the pages are marked against writing: UFFDIO_COPY_MODE_WP.</summary>
    internal const ulong WriteProtected = 2;

    /// <summary>Where the pages appear.</summary>
    internal ulong Destination;

    /// <summary>The bytes, in the caller's own memory.</summary>
    internal byte* Source;

    /// <summary>Number of bytes, whole pages.</summary>
    internal ulong Length;

    /// <summary>0 or <see cref="WriteProtected"/>.</summary>
    internal ulong Mode;

    /// <summary>Out: bytes that are done, or a negated error.</summary>
    internal long Result;
}
