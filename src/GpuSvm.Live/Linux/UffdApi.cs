using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>The handshake with a userfaultfd, 24 bytes.</summary>
/// <remarks>Source: Linux include/uapi/linux/userfaultfd.h, struct uffdio_api.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct UffdApi
{
    /// <summary>The version that the kernel expects in <see cref="Version"/>.</summary>
    internal const ulong Expected = 0xAA;

    /// <summary>Version of the interface.</summary>
    internal ulong Version;

    /// <summary>In: what is asked for. Out: what there is.</summary>
    internal ulong Features;

    /// <summary>Out: the calls that the descriptor knows.</summary>
    internal ulong Calls;
}
