using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>A barrier or yield of a GPU thread; await it where it is made.</summary>
public readonly struct GpuPause : ICriticalNotifyCompletion, ILaneAwaiter
{
    private readonly PauseKind _kind;

    internal GpuPause(GpuThread lane, PauseKind kind)
    {
        Lane = lane;
        _kind = kind;
    }

    /// <summary>False: the thread always gives way.</summary>
    public bool IsCompleted => false;

    /// <inheritdoc/>
    public GpuThread Lane { get; }

    /// <summary>For the compiler: makes the pause awaitable.</summary>
    public GpuPause GetAwaiter() => this;

    /// <summary>Ends the pause.</summary>
    /// <exception cref="GpuAccessException">The launch was cancelled while the thread waited.</exception>
    public void GetResult() => Lane.TakePending();

    /// <inheritdoc/>
    public void Park(LaneBox box)
    {
        if (_kind == PauseKind.Barrier)
        {
            Lane.ParkAtBarrier(box);
        }
        else
        {
            Lane.ParkYielded(box);
        }
    }

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();
}
