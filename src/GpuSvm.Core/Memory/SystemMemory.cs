using System.Runtime.CompilerServices;

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

    /// <summary>Gives the memory of frames back to the system; they read as zero afterwards.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such frames.</exception>
    public void Discard(FrameNumber frame, ulong count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frame.Value, FrameCount, nameof(frame));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, FrameCount - frame.Value);
        _arena.Discard(frame.Value << Page.Shift, count << Page.Shift);
    }

    /// <inheritdoc/>
    public void Dispose() => _arena.Dispose();
}
