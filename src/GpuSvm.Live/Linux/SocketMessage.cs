using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>What <c>sendmsg</c> and <c>recvmsg</c> move: the C library's <c>msghdr</c> of 64-bit Linux, 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SocketMessage
{
    /// <summary>Address of the other end; null on a connected socket.</summary>
    internal void* Name;

    /// <summary>Its length in bytes.</summary>
    internal uint NameLength;

    /// <summary>The pieces of the message.</summary>
    internal MessagePiece* Pieces;

    /// <summary>Their number.</summary>
    internal nuint PieceCount;

    /// <summary>Control messages: <see cref="DescriptorMessage"/>.</summary>
    internal void* Control;

    /// <summary>Bytes there; on return, those that are used.</summary>
    internal nuint ControlLength;

    /// <summary>What was found on receiving: <c>MSG_TRUNC</c> and others.</summary>
    internal int Flags;
}
