using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>A control message with one descriptor: the C library's <c>cmsghdr</c> of 64-bit Linux and data, 24 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = Space)]
internal struct DescriptorMessage
{
    /// <summary>Bytes of the header alone: <c>CMSG_LEN(0)</c>.</summary>
    internal const int HeaderLength = 16;

    /// <summary>Bytes that the message takes: <c>CMSG_SPACE(4)</c>.</summary>
    internal const int Space = 24;

    /// <summary>The level of all that concerns sockets: <c>SOL_SOCKET</c>.</summary>
    internal const int SocketLevel = 1;

    /// <summary>The type of a message with descriptors: <c>SCM_RIGHTS</c>.</summary>
    internal const int Rights = 1;

    /// <summary>Bytes of header and data, without padding.</summary>
    [FieldOffset(0)]
    internal nuint Length;

    /// <summary>Who gives the type its meaning.</summary>
    [FieldOffset(8)]
    internal int Level;

    /// <summary>What the data is.</summary>
    [FieldOffset(12)]
    internal int Type;

    /// <summary>The first descriptor.</summary>
    [FieldOffset(16)]
    internal int Descriptor;
}
