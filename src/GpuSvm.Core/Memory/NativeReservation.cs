using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Core;

/// <summary>A piece of address space whose pages cost memory only once they are touched, and read as zero before.</summary>
/// <remarks>The memory is given back when the reservation is disposed; no access may follow or overlap that.</remarks>
public sealed unsafe partial class NativeReservation : IDisposable
{
    private const int ProtRead = 1;
    private const int ProtWrite = 2;
    private const int MapPrivate = 0x02;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;
    private const int MadviseDontNeed = 4;
    private const int MadviseNoHugePage = 15;
    private byte* _base;

    // Bytes that can be reached: none once the memory is given back.
    private ulong _used;

    /// <summary>Reserves <paramref name="sizeBytes"/> bytes, rounded up to whole pages.</summary>
    /// <param name="sizeBytes">At least 1.</param>
    /// <exception cref="SvmException">The system refuses the reservation; carries its errno.</exception>
    public NativeReservation(ulong sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizeBytes);
        SizeBytes = checked(Page.Count(sizeBytes) * Page.Size);

        // SAFETY: a new private mapping at an address of the kernel's choice touches no memory that exists.
        nint address = MapMemory(0, checked((nuint)SizeBytes), ProtRead | ProtWrite, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
        if (address == -1)
        {
            throw new SvmException((Errno)Marshal.GetLastPInvokeError(), $"mmap could not reserve {SizeBytes} bytes.");
        }

        _base = (byte*)address;
        _used = SizeBytes;

        // A huge page behind one touched page would break the promise of the type; refusal of the hint does no harm.
        _ = Advise(address, (nuint)SizeBytes, MadviseNoHugePage);
    }

    /// <summary>Frees the reservation if nobody did.</summary>
    ~NativeReservation() => Release();

    /// <summary>Size in bytes: a multiple of 4096.</summary>
    public ulong SizeBytes { get; }

    /// <summary>Address of the first byte in this process; null once disposed.</summary>
    public byte* Base => _base;

    /// <summary>The bytes <c>[offset, offset + length)</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not lie in the reservation.</exception>
    public Span<byte> Bytes(ulong offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset > SizeBytes || (ulong)length > SizeBytes - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{length} bytes from there pass the reservation's {SizeBytes}.");
        }

        ObjectDisposedException.ThrowIf(_base is null, this);

        // SAFETY: the range was checked against the mapping, which lives until Dispose; the caller keeps this object alive and
        // uses the span only before Dispose, as the type's contract says.
        return new Span<byte>(_base + offset, length);
    }

    /// <summary>One of the values that the reservation is an array of.</summary>
    /// <param name="index">Below <see cref="SizeBytes"/> divided by the size of a value.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not lie in the reservation.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref T At<T>(ulong index)
        where T : unmanaged
    {
        if (index >= _used / (ulong)sizeof(T))
        {
            Reject(index);
        }

        // SAFETY: the index was checked against the mapping, of which nothing is used once it is gone; the caller keeps this object alive
        // and uses the reference only before Dispose, as the type's contract says.
        return ref Unsafe.Add(ref Unsafe.AsRef<T>(_base), (nuint)index);
    }

    /// <summary>Gives whole pages back to the system; they read as zero afterwards. Where a file is placed its bytes stay.</summary>
    /// <param name="offset">First byte: a multiple of 4096.</param>
    /// <param name="length">Number of bytes: a multiple of 4096.</param>
    public void Discard(ulong offset, ulong length)
    {
        RequirePages(offset, length);

        // SAFETY: the range lies in the mapping that this object owns; dropping private anonymous pages only zeroes them.
        Require(
            length == 0 || Advise((nint)(_base + offset), checked((nuint)length), MadviseDontNeed) == 0,
            "madvise could not discard",
            length);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_base is not null)
        {
            // SAFETY: the mapping is this object's own, of exactly this size, and is forgotten here.
            _ = UnmapMemory((nint)_base, (nuint)SizeBytes);
            _base = null;
            _used = 0;
        }
    }

    private void Reject(ulong index)
    {
        ObjectDisposedException.ThrowIf(_base is null, this);
        throw new ArgumentOutOfRangeException(nameof(index), index, $"The reservation has {SizeBytes} bytes.");
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapMemory(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int UnmapMemory(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nint address, nuint length, int advice);
}
