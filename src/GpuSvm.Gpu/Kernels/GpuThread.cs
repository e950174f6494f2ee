using System.Runtime.CompilerServices;
using GpuSvm.Gpu;

namespace GpuSvm;

/// <summary>One thread (lane) of a launch, as its kernel sees it. Valid only inside that kernel.</summary>
/// <remarks>
/// Accesses are of 1, 2, 4 or 8 bytes at naturally aligned addresses; a misaligned one kills the channel. An access whose address is
/// translated completes at once; else the thread waits until the driver has served its fault. Await each access where it is made.
/// </remarks>
public sealed unsafe partial class GpuThread
{
    private readonly SmPort _port;
    private readonly LaunchSlice _slice;

    internal GpuThread(LaunchSlice slice, int blockSize, int gridBlocks)
    {
        _slice = slice;
        _port = slice.Port;
        BlockSize = blockSize;
        GridBlocks = gridBlocks;
        GridSize = (long)blockSize * gridBlocks;
    }

    /// <summary>Index of the thread in the whole launch, 0 to <see cref="GridSize"/> - 1.</summary>
    public long GlobalIndex => ((long)BlockIndex * BlockSize) + ThreadIndex;

    /// <summary>Number of threads of the launch.</summary>
    public long GridSize { get; }

    /// <summary>Index of the thread's block, 0 to <see cref="GridBlocks"/> - 1.</summary>
    public int BlockIndex { get; internal set; }

    /// <summary>Index of the thread in its block, 0 to <see cref="BlockSize"/> - 1.</summary>
    public int ThreadIndex { get; internal set; }

    /// <summary>Number of threads of a block.</summary>
    public int BlockSize { get; }

    /// <summary>Number of blocks of the launch.</summary>
    public int GridBlocks { get; }

    /// <summary>Loads a word.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuAccess<T> Load<T>(VirtualAddress address)
        where T : unmanaged
    {
        DemandSize<T>();
        SmPort port = _port;
        port.Tlb.BeginAccess();
        if (port.TryReach(address.Value, TranslationRights.Read, (uint)sizeof(T), out byte* word))
        {
            // SAFETY: TryReach gave a word inside a frame that the IOMMU lets this access reach; its size and alignment were checked.
            T value = AlignedWord.Read<T>(ref *word);
            port.Tlb.EndAccess();
            return new GpuAccess<T>(value);
        }

        port.Tlb.EndAccess();
        return IssueForValue<T>(AccessKind.Load, address.Value, 0, 0);
    }

    /// <summary>Stores a word.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">The word.</param>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuAccess Store<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        DemandSize<T>();
        SmPort port = _port;
        port.Tlb.BeginAccess();
        if (port.TryReach(address.Value, TranslationRights.Read | TranslationRights.Write, (uint)sizeof(T), out byte* word))
        {
            // SAFETY: as in Load.
            AlignedWord.Write(ref *word, value);
            port.Tlb.EndAccess();
            return default;
        }

        port.Tlb.EndAccess();
        return Issue(AccessKind.Store, address.Value, sizeof(T), ToBits(value), 0);
    }

    /// <summary>Asks for a page that will be needed. Never waits: what cannot be served now is dropped.</summary>
    /// <param name="address">Any byte of the page.</param>
    public GpuAccess Prefetch(VirtualAddress address)
    {
        SmPort port = _port;
        port.Tlb.BeginAccess();
        bool present = port.TryReach(address.Value, TranslationRights.Read, 1, out _);
        port.Tlb.EndAccess();
        port.CountPrefetch();
        if (!present)
        {
            Begin(AccessKind.Prefetch, address.Value, 1, 0, 0);
            AccessOutcome outcome = port.TryComplete(ref Pending);
            Pending.State = PendingState.None;
            switch (outcome)
            {
                case AccessOutcome.Stopped:
                    throw _slice.StopException();
                case AccessOutcome.Faulted:
                    _slice.ReportPrefetch(this);
                    break;
                default:
                    break;
            }
        }

        return default;
    }

    /// <summary>Waits until every thread of the block has come to a barrier.</summary>
    /// <remarks>All threads of the block must come: a barrier that can no longer be reached ends the launch.</remarks>
    public GpuPause Barrier() => Pause(PauseKind.Barrier);

    /// <summary>Lets other threads of the SM run, then goes on: for loops that wait for another thread's store.</summary>
    /// <remarks>
    /// A thread is executed until it waits: one that loops over translated memory and never yields keeps every other thread of its SM, and
    /// in parallel execution of its worker's other SMs, other launches included, from going on. Source: CUDA's __nanosleep.
    /// </remarks>
    public GpuPause Yield() => Pause(PauseKind.Yield);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void DemandSize<T>()
        where T : unmanaged
    {
        if (!AlignedWord.IsSupported<T>())
        {
            RejectSize<T>();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RejectSize<T>()
        where T : unmanaged
        => throw LaneErrors.Size(typeof(T), sizeof(T));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ToBits<T>(T value)
        where T : unmanaged
    {
        ulong bits = 0;
        Unsafe.As<ulong, T>(ref bits) = value;
        return bits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T FromBits<T>(ulong bits)
        where T : unmanaged
        => Unsafe.As<ulong, T>(ref bits);
}
