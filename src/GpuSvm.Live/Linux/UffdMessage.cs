using System.Globalization;
using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>One message of a userfaultfd, 32 bytes: its event says which of the fields hold.</summary>
/// <remarks>Source: Linux include/uapi/linux/userfaultfd.h, struct uffd_msg.</remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct UffdMessage
{
    /// <summary>Size in bytes.</summary>
    internal const int Size = 32;

    private const ulong WriteFlag = 1;
    private const ulong WriteProtectFlag = 2;
    private const ulong MinorFlag = 4;

    /// <summary>What happened.</summary>
    [FieldOffset(0)]
    internal UffdEvent Event;

    /// <summary>Page fault: what kind; see the properties.</summary>
    [FieldOffset(8)]
    internal ulong Flags;

    /// <summary>Page fault: the first byte of the page.</summary>
    [FieldOffset(16)]
    internal ulong Address;

    /// <summary>Page fault: the thread that waits, in its own process' numbering.</summary>
    [FieldOffset(24)]
    internal uint ThreadId;

    /// <summary>Fork: the child's userfaultfd, among the descriptors of the process that has read this.</summary>
    [FieldOffset(8)]
    internal uint ForkDescriptor;

    /// <summary>Remove and unmap: the first byte.</summary>
    [FieldOffset(8)]
    internal ulong Start;

    /// <summary>Remove and unmap: the first byte behind.</summary>
    [FieldOffset(16)]
    internal ulong End;

    /// <summary>Remap: where the first byte was.</summary>
    [FieldOffset(8)]
    internal ulong From;

    /// <summary>Remap: where it is now.</summary>
    [FieldOffset(16)]
    internal ulong To;

    /// <summary>Remap: the number of bytes.</summary>
    [FieldOffset(24)]
    internal ulong Length;

    /// <summary>Page fault: the access is a store.</summary>
    internal readonly bool IsWrite => (Flags & WriteFlag) != 0;

    /// <summary>Page fault: a store met a write-protected page.</summary>
    internal readonly bool IsWriteProtect => (Flags & WriteProtectFlag) != 0;

    /// <summary>Page fault: the file has the page, only the process does not map it yet.</summary>
    internal readonly bool IsMinor => (Flags & MinorFlag) != 0;

    private readonly string Kind => IsWriteProtect ? ", protected" : IsMinor ? ", minor" : ", missing";

    /// <summary>The message as one line.</summary>
    public override readonly string ToString() => Event switch
    {
        UffdEvent.PageFault => string.Create(
            CultureInfo.InvariantCulture,
            $"{(IsWrite ? "store" : "load")} of 0x{Address:x}{Kind} by thread {ThreadId}"),
        UffdEvent.Remap => string.Create(
            CultureInfo.InvariantCulture,
            $"remap of {Length} bytes from 0x{From:x} to 0x{To:x}"),
        UffdEvent.Remove or UffdEvent.Unmap => string.Create(CultureInfo.InvariantCulture, $"{Event} of [0x{Start:x}, 0x{End:x})"),
        UffdEvent.Fork => "fork",
        _ => string.Create(CultureInfo.InvariantCulture, $"event 0x{(byte)Event:x}"),
    };
}
