using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>A load or atomic operation of a GPU thread; await it, where it is made, for its value.</summary>
/// <typeparam name="T">Type of the value: 1, 2, 4 or 8 bytes.</typeparam>
public readonly struct GpuAccess<T> : ICriticalNotifyCompletion, ILaneAwaiter
    where T : unmanaged
{
    private readonly T _value;
    private readonly GpuThread? _lane;

    internal GpuAccess(T value)
    {
        _value = value;
        _lane = null;
    }

    internal GpuAccess(GpuThread lane)
    {
        _value = default;
        _lane = lane;
    }

    /// <summary>True if the access is done: its address was translated at once.</summary>
    public bool IsCompleted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _lane is null;
    }

    /// <inheritdoc/>
    public GpuThread Lane => _lane!;

    /// <summary>For the compiler: makes the access awaitable.</summary>
    public GpuAccess<T> GetAwaiter() => this;

    /// <summary>The word that was loaded, or what an atomic operation found.</summary>
    /// <exception cref="GpuAccessException">The launch was cancelled while the thread waited.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T GetResult() => _lane is null ? _value : _lane.TakePending<T>();

    /// <inheritdoc/>
    public void Park(LaneBox box) => _lane!.ParkAccess(box);

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();
}
