using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Core;

/// <content>Parts of the reservation whose bytes are a file's.</content>
public sealed unsafe partial class NativeReservation
{
    private const int MapShared = 0x01;
    private const int MapFixed = 0x10;
    private const int MadviseRemove = 9;
    private const int MadvisePopulateWrite = 23;

    /// <summary>Puts the first bytes of a file in place of a part of the reservation: what one mapping of the file writes all read.</summary>
    /// <param name="offset">First byte: a multiple of 4096.</param>
    /// <param name="length">Number of bytes: a multiple of 4096, not 0.</param>
    /// <param name="file">A file of memory (memfd) of at least that length, open for reading and writing; not needed any more afterwards.</param>
    /// <exception cref="ArgumentException">The file is shorter: an access behind its end would end the process.</exception>
    /// <exception cref="SvmException">The system refuses; carries its errno.</exception>
    public void Place(ulong offset, ulong length, SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        RequirePages(offset, length);
        if ((ulong)RandomAccess.GetLength(file) < length)
        {
            throw new ArgumentException($"The file has {RandomAccess.GetLength(file)} bytes; {length} are to be placed.", nameof(file));
        }

        // SAFETY: the range lies in the mapping that this object owns, so MAP_FIXED replaces nothing of anybody else; its end and
        // its protection stay, so pointers into it stay good. The file was seen to be long enough, and whoever shares it seals its size.
        nint address = MapFile(
            (nint)(_base + offset), checked((nuint)length), ProtRead | ProtWrite, MapShared | MapFixed | MapNoReserve, file, 0);
        Require(address != -1, "mmap could not place a file over", length);
        _ = Advise(address, (nuint)length, MadviseNoHugePage);
    }

    /// <summary>Takes files out of a part of the reservation again; it reads as zero afterwards. The files keep their bytes.</summary>
    /// <param name="offset">First byte: a multiple of 4096.</param>
    /// <param name="length">Number of bytes: a multiple of 4096, not 0.</param>
    /// <exception cref="SvmException">The system refuses; carries its errno.</exception>
    public void Withdraw(ulong offset, ulong length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        RequirePages(offset, length);

        // SAFETY: as in Place; the new memory is private and reads as zero, as the reservation did at first.
        nint address = MapMemory(
            (nint)(_base + offset),
            checked((nuint)length),
            ProtRead | ProtWrite,
            MapPrivate | MapAnonymous | MapNoReserve | MapFixed,
            -1,
            0);
        Require(address != -1, "mmap could not withdraw a file from", length);
        _ = Advise(address, (nuint)length, MadviseNoHugePage);
    }

    /// <summary>Frees the bytes of placed files: every mapping of them, in every process, reads zero afterwards.</summary>
    /// <param name="offset">First byte: a multiple of 4096.</param>
    /// <param name="length">Number of bytes: a multiple of 4096; 0 does nothing.</param>
    /// <exception cref="SvmException">The system refuses, EINVAL where no file is placed; carries its errno.</exception>
    /// <remarks>Source: madvise(2), MADV_REMOVE, which punches a hole as fallocate(2) does.</remarks>
    public void Punch(ulong offset, ulong length)
    {
        RequirePages(offset, length);

        // SAFETY: the range lies in the mapping that this object owns; the pages stay mapped and read as zero.
        Require(
            length == 0 || Advise((nint)(_base + offset), checked((nuint)length), MadviseRemove) == 0,
            "madvise could not punch a hole into",
            length);
    }

    /// <summary>Gives pages their memory, as a store to each would, but answers where a store would end the process.</summary>
    /// <param name="offset">First byte: a multiple of 4096.</param>
    /// <param name="length">Number of bytes: a multiple of 4096; 0 does nothing.</param>
    /// <returns>What the system refuses with: no memory is left, or none that a file may have.</returns>
    /// <remarks>Source: madvise(2), MADV_POPULATE_WRITE.</remarks>
    public Errno TryPopulate(ulong offset, ulong length)
    {
        RequirePages(offset, length);

        // SAFETY: the range lies in the mapping that this object owns; bytes stay as they are.
        return length == 0 || Advise((nint)(_base + offset), checked((nuint)length), MadvisePopulateWrite) == 0
            ? Errno.None
            : (Errno)Marshal.GetLastPInvokeError();
    }

    private void RequirePages(ulong offset, ulong length)
    {
        if (!Page.IsAligned(offset | length) || offset > SizeBytes || length > SizeBytes - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{length} bytes from there are not whole pages of the reservation.");
        }

        ObjectDisposedException.ThrowIf(_base is null, this);
    }

    private static void Require(bool done, string what, ulong length)
    {
        if (!done)
        {
            throw new SvmException((Errno)Marshal.GetLastPInvokeError(), $"{what} {length} bytes.");
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapFile(nint address, nuint length, int protection, int flags, SafeFileHandle file, nint offset);
}
