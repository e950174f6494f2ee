using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The app's own mappings: what mmap(2) and its relatives do in this process.</summary>
internal static unsafe class AppMemory
{
    private const int ProtNone = 0;
    private const int ProtRead = 1;
    private const int ProtWrite = 2;
    private const int MapShared = 0x01;
    private const int MapPrivate = 0x02;
    private const int MapFixed = 0x10;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;
    private const int DoNotFork = 10;

    /// <summary>Maps a whole file at an address that is wished for, or anywhere.</summary>
    /// <returns>What mmap answers.</returns>
    public static Errno Map(VirtualAddress hint, ulong bytes, Protection protection, SafeFileHandle file, out VirtualAddress address)
    {
        // SAFETY: without MAP_FIXED a mapping never replaces another.
        nint mapped = Libc.Map((nint)hint.Value, (nuint)bytes, NativeRights(protection), MapShared, file, 0);
        address = mapped == -1 ? default : new VirtualAddress((ulong)mapped);
        return mapped == -1 ? Libc.LastError : Errno.None;
    }

    /// <summary>Has children that fork off not have a mapping.</summary>
    public static Errno WithholdFromChildren(VirtualAddress address, ulong bytes) =>
        Libc.Advise((nint)address.Value, (nuint)bytes, DoNotFork) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Unmaps.</summary>
    public static Errno Unmap(VirtualAddress address, ulong bytes) =>
        Libc.Unmap((nint)address.Value, (nuint)bytes) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Changes what the program may do with memory.</summary>
    /// <returns>What mprotect answers.</returns>
    public static Errno Protect(VirtualAddress address, ulong bytes, Protection protection) =>
        Libc.Protect((nint)address.Value, (nuint)bytes, NativeRights(protection)) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Puts memory that reads as zero, and cannot be written, in place of what is mapped.</summary>
    public static Errno Replace(VirtualAddress address, ulong bytes)
    {
        // SAFETY: replaces a mapping of a buffer that its owner has given up; addresses stay taken, so nobody else's bytes are seen there.
        using var none = new SafeFileHandle(-1, ownsHandle: false);
        nint mapped = Libc.Map(
            (nint)address.Value, (nuint)bytes, ProtRead, MapPrivate | MapFixed | MapAnonymous | MapNoReserve, none, 0);
        return mapped == -1 ? Libc.LastError : Errno.None;
    }

    /// <summary>Values at an address.</summary>
    /// <remarks>The caller has made sure that the memory is mapped, and stays so while the span is used.</remarks>
    public static Span<T> Span<T>(VirtualAddress address, int count)
        where T : unmanaged
    {
        // SAFETY: the caller's promise.
        return new Span<T>((void*)address.Value, count);
    }

    private static int NativeRights(Protection protection) => protection switch
    {
        Protection.None => ProtNone,
        Protection.Read => ProtRead,
        _ => ProtRead | ProtWrite,
    };
}
