using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>A run of bytes in memory: the C library's <c>iovec</c>, 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessagePiece
{
    /// <summary>The first byte.</summary>
    internal byte* Start;

    /// <summary>The number of bytes.</summary>
    internal nuint Length;
}
