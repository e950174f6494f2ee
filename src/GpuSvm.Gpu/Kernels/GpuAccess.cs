using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>A store or prefetch of a GPU thread; await it where it is made.</summary>
public readonly struct GpuAccess : ICriticalNotifyCompletion, ILaneAwaiter
{
    private readonly GpuThread? _lane;

    internal GpuAccess(GpuThread? lane) => _lane = lane;

    /// <summary>True if the access is done: its address was translated at once.</summary>
    public bool IsCompleted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _lane is null;
    }

    /// <inheritdoc/>
    public GpuThread Lane => _lane!;

    /// <summary>For the compiler: makes the access awaitable.</summary>
    public GpuAccess GetAwaiter() => this;

    /// <summary>Ends the access.</summary>
    /// <exception cref="GpuAccessException">The launch was cancelled while the thread waited.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void GetResult() => _lane?.TakePending();

    /// <inheritdoc/>
    public void Park(LaneBox box) => _lane!.ParkAccess(box);

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();
}
