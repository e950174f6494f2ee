using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Core;

/// <summary>The bytes of a machine's system memory: one arena of 4 KiB page frames, reserved at once and committed by touch.</summary>
/// <remarks>
/// Only bytes: who owns a frame is the business of the frame allocator above. Words are read and written atomically when naturally
/// aligned, so that simulated CPUs and GPUs may race as real ones do.
/// </remarks>
public sealed unsafe class SystemMemory : IDisposable
{
    private readonly NativeReservation _arena;

    /// <summary>Reserves memory for frames 0 to <paramref name="frameCount"/> - 1.</summary>
    /// <param name="frameCount">Number of 4 KiB frames, 1 to 2^40.</param>
    /// <exception cref="SvmException">The system refuses the reservation.</exception>
    public SystemMemory(ulong frameCount)
    {
        ArgumentOutOfRangeException.ThrowIfZero(frameCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frameCount, 1UL << 40);
        FrameCount = frameCount;
        _arena = new NativeReservation(frameCount * Page.Size);
    }

    /// <summary>Number of frames.</summary>
    public ulong FrameCount { get; }

    /// <summary>Address of frame 0 in this process: the hot path of simulated hardware computes from it.</summary>
    public byte* Base => _arena.Base;

    /// <summary>The 4096 bytes of a frame.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such frame.</exception>
    public Span<byte> Frame(FrameNumber frame)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(frame.Value, FrameCount);
        return _arena.Bytes(frame.Value << Page.Shift, (int)Page.Size);
    }

    /// <summary>The word at a physical address, as a reference that <see cref="AlignedWord"/> reads and writes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The address lies beyond the memory.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref byte At(PhysicalAddress address)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(address.Value >> Page.Shift, FrameCount);

        // SAFETY: the address was checked against the arena, which lives until Dispose.
        return ref *(_arena.Base + address.Value);
    }

    /// <summary>Gives the memory of frames back to the system; they read as zero afterwards. Frames of a placed file keep its bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such frames.</exception>
    public void Discard(FrameNumber frame, ulong count = 1)
    {
        Require(frame, count);
        _arena.Discard(frame.Value << Page.Shift, count << Page.Shift);
    }

    /// <summary>Makes the first pages of a file the bytes of frames, which a live process maps too.</summary>
    /// <param name="first">First frame.</param>
    /// <param name="count">Number of frames, at least 1.</param>
    /// <param name="file">A file of memory (memfd) of at least that many pages, whose size is sealed; may be closed afterwards.</param>
    /// <exception cref="ArgumentException">There are no such frames, or the file is shorter.</exception>
    /// <exception cref="SvmException">The system refuses; carries its errno.</exception>
    /// <remarks>Nobody may touch the frames meanwhile.</remarks>
    public void Place(FrameNumber first, ulong count, SafeFileHandle file)
    {
        Require(first, count);
        _arena.Place(first.Value << Page.Shift, count << Page.Shift, file);
    }

    /// <summary>Gives frames memory of their own again, which reads as zero, in place of a file's.</summary>
    /// <param name="first">First frame.</param>
    /// <param name="count">Number of frames, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such frames.</exception>
    /// <exception cref="SvmException">The system refuses; carries its errno.</exception>
    /// <remarks>Nobody may touch the frames meanwhile. The file keeps its bytes.</remarks>
    public void Withdraw(FrameNumber first, ulong count)
    {
        Require(first, count);
        _arena.Withdraw(first.Value << Page.Shift, count << Page.Shift);
    }

    /// <summary>Frees the bytes of frames that a file is placed at: all who map the file read zero afterwards, and lose their entries.</summary>
    /// <param name="first">First frame.</param>
    /// <param name="count">Number of frames; 0 does nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such frames.</exception>
    /// <exception cref="SvmException">The system refuses, EINVAL where no file is placed; carries its errno.</exception>
    /// <remarks>A later touch of the frame, even a load, silently gives it memory again.</remarks>
    public void Punch(FrameNumber first, ulong count)
    {
        Require(first, count);
        _arena.Punch(first.Value << Page.Shift, count << Page.Shift);
    }

    /// <summary>Gives a frame its memory before it is touched: a touch for which the system has none would end the process.</summary>
    /// <returns>What the system refuses with.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such frame.</exception>
    public Errno TryPopulate(FrameNumber frame) => TryPopulate(frame, 1);

    /// <summary>As <see cref="TryPopulate(FrameNumber)"/>, for frames that follow each other: all, or some of the first of them.</summary>
    public Errno TryPopulate(FrameNumber first, ulong count)
    {
        Require(first, count);
        return _arena.TryPopulate(first.Value << Page.Shift, count << Page.Shift);
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();

    private void Require(FrameNumber first, ulong count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first.Value, FrameCount, nameof(first));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, FrameCount - first.Value);
    }
}
