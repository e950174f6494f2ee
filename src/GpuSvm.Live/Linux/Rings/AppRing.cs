using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The ring of another process, by which its memory is given back there: madvise(2) with DONTNEED, carried out in that process.</summary>
/// <remarks>
/// <para>
/// No other call can do that to another process. One at a time: the caller holds a lock. The process's userfaultfd tells of each as of one
/// of the process's own, and it does not end before that is read: who waits here reads meanwhile.
/// </para>
/// <para>Source: Linux include/uapi/linux/io_uring.h; io_uring(7); io_uring_enter(2), IORING_ENTER_SQ_WAKEUP.</para>
/// </remarks>
internal sealed unsafe class AppRing : IDisposable
{
    /// <summary>Bytes of the mapping of both rings: one page holds those of up to 32 places.</summary>
    internal const int MappedBytes = 4096;

    /// <summary>Most bytes of one call: its length has 32 bits.</summary>
    internal const ulong MostBytes = 1UL << 30;

    private const nint GetDescriptor = 438;
    private const nint Enter = 426;
    private const nint Wakeup = 2;
    private const nint EntriesOffset = 0x1000_0000;
    private const byte Advise = 25;
    private const uint DontNeed = 4;
    private const int NeedsWakeup = 1;
    private const int ReadWrite = 3;
    private const int SharedPopulated = 0x8001;
    private readonly SafeFileHandle _descriptor;
    private readonly RingLayout _layout;
    private readonly byte* _ring;
    private readonly byte* _entries;
    private ulong _last;

    private AppRing(SafeFileHandle descriptor, RingLayout layout, nint ring, nint entries)
    {
        _descriptor = descriptor;
        _layout = layout;
        _ring = (byte*)ring;
        _entries = (byte*)entries;
    }

    /// <summary>Fetches a ring from the process that has made it.</summary>
    /// <param name="process">The process.</param>
    /// <param name="layout">What it tells of the ring.</param>
    /// <exception cref="ArgumentException">What it tells cannot be.</exception>
    /// <exception cref="SvmException">It may not be fetched: EPERM where the system guards processes of one user from each other.</exception>
    public static AppRing Fetch(SafeFileHandle process, RingLayout layout)
    {
        layout.Validate();
        bool isHeld = false;
        nint number;
        try
        {
            process.DangerousAddRef(ref isHeld);
            number = Libc.SystemCall(GetDescriptor, process.DangerousGetHandle(), layout.Descriptor, 0, 0);
        }
        finally
        {
            if (isHeld)
            {
                process.DangerousRelease();
            }
        }

        Errno error = number < 0 ? Libc.LastError : Errno.None;
        var descriptor = new SafeFileHandle(number, ownsHandle: true);
        nint ring = error == Errno.None ? Libc.Map(0, MappedBytes, ReadWrite, SharedPopulated, descriptor, 0) : -1;
        nint entries = ring != -1
            ? Libc.Map(0, layout.SubmissionEntries * 64, ReadWrite, SharedPopulated, descriptor, EntriesOffset)
            : -1;
        if (entries != -1)
        {
            return new AppRing(descriptor, layout, ring, entries);
        }

        error = error == Errno.None ? Libc.LastError : error;
        _ = ring != -1 ? Libc.Unmap(ring, MappedBytes) : 0;
        descriptor.Dispose();
        throw new SvmException(error, $"Memory cannot be adopted: the ring of the app could not be fetched ({error}).");
    }

    /// <summary>Asks for a range to be given back.</summary>
    /// <param name="range">Page-aligned, at most <see cref="MostBytes"/>.</param>
    /// <returns>EOWNERDEAD when the process has ended.</returns>
    public Errno Submit(AddressRange range)
    {
        uint tail = SharedWord.Read(ref Word(_layout.SubmissionTail));
        uint index = tail & (_layout.SubmissionEntries - 1);

        // SAFETY: the index is below the number of entries, 64 bytes each, which are mapped until Dispose.
        byte* entry = _entries + (index * 64);
        new Span<byte>(entry, 64).Clear();
        entry[0] = Advise;
        *(ulong*)(entry + 16) = range.Start;
        *(uint*)(entry + 24) = (uint)range.Length;
        *(uint*)(entry + 28) = DontNeed;
        *(ulong*)(entry + 32) = ++_last;
        Word(_layout.SubmissionArray + (index * 4)) = index;
        SharedWord.Write(ref Word(_layout.SubmissionTail), unchecked(tail + 1));

        // The kernel's thread looks once more after it has said that it sleeps; so must we after telling, with a full fence between.
        Interlocked.MemoryBarrier();
        if ((SharedWord.Read(ref Word(_layout.SubmissionFlags)) & NeedsWakeup) == 0)
        {
            return Errno.None;
        }

        return Libc.SystemCall(Enter, Number, 0, 0, Wakeup) < 0 ? Libc.LastError : Errno.None;
    }

    /// <summary>Looks whether what was asked for last is done.</summary>
    /// <param name="result">What madvise(2) answered there.</param>
    /// <returns>False if it is not yet.</returns>
    public bool TryReap(out Errno result)
    {
        result = Errno.None;
        uint head = SharedWord.Read(ref Word(_layout.CompletionHead));
        for (; head != SharedWord.Read(ref Word(_layout.CompletionTail)); head++)
        {
            // SAFETY: Validate has seen that 64 completions of 16 bytes fit into the page; the mask keeps the index below their number.
            byte* completion = _ring + _layout.Completions + ((head & (_layout.CompletionEntries - 1)) * 16);
            ulong which = *(ulong*)completion;
            int answer = *(int*)(completion + 8);
            SharedWord.Write(ref Word(_layout.CompletionHead), unchecked(head + 1));
            if (which == _last)
            {
                result = answer < 0 ? (Errno)(-answer) : Errno.None;
                return true;
            }
        }

        return false;
    }

    /// <summary>Waits until something is done, or the other descriptor can be read.</summary>
    /// <returns>True if the other one can be read.</returns>
    public bool Wait(SafeFileHandle other, TimeSpan atMost)
    {
        Span<bool> readable = stackalloc bool[2];
        _ = PollSet.Wait([_descriptor, other], atMost, readable);
        return readable[1];
    }

    /// <summary>Unmaps and closes it here.</summary>
    public void Dispose()
    {
        _ = Libc.Unmap((nint)_ring, MappedBytes);
        _ = Libc.Unmap((nint)_entries, _layout.SubmissionEntries * 64);
        _descriptor.Dispose();
    }

    private nint Number => _descriptor.DangerousGetHandle();

    // SAFETY: Validate has seen that the offset is aligned and lies in the mapped page, with room for what follows.
    private ref uint Word(uint offset) => ref Unsafe.AsRef<uint>(_ring + offset);
}
