using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>For the compiler: builds the <see cref="GpuTask"/> of an async method.</summary>
/// <remarks>
/// A method starts at once on its caller's stack. Only when it first waits is its state machine copied, once, into a box of the
/// launch's pool.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct GpuTaskBuilder
{
    private LaneBox? _box;

    /// <summary>The task to return.</summary>
    public readonly GpuTask Task => new(_box);

    /// <summary>A builder for one call.</summary>
    public static GpuTaskBuilder Create() => default;

    /// <summary>Runs the method up to its first wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Start<TMachine>(ref TMachine machine)
        where TMachine : IAsyncStateMachine
        => machine.MoveNext();

    /// <summary>Not used: a state machine is boxed by copy.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine machine)
    {
        _ = machine;
    }

    /// <summary>Ends the method.</summary>
    public readonly void SetResult() => _box?.Complete(null);

    /// <summary>Ends the method with what it threw.</summary>
    public void SetException(Exception exception)
    {
        if (_box is null)
        {
            _box = new FailedBox(exception);
            return;
        }

        _box.Complete(exception);
    }

    /// <summary>Leaves the thread waiting.</summary>
    public void AwaitOnCompleted<TAwaiter, TMachine>(ref TAwaiter awaiter, ref TMachine machine)
        where TAwaiter : struct, INotifyCompletion, ILaneAwaiter
        where TMachine : IAsyncStateMachine
        => Park(ref awaiter, ref machine);

    /// <summary>Leaves the thread waiting.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TMachine>(ref TAwaiter awaiter, ref TMachine machine)
        where TAwaiter : struct, ICriticalNotifyCompletion, ILaneAwaiter
        where TMachine : IAsyncStateMachine
        => Park(ref awaiter, ref machine);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Park<TAwaiter, TMachine>(ref TAwaiter awaiter, ref TMachine machine)
        where TAwaiter : struct, ILaneAwaiter
        where TMachine : IAsyncStateMachine
    {
        if (_box is null)
        {
            // The builder lies inside the machine: it must know its box before the machine is copied there.
            LaneBox<TMachine, byte> box = awaiter.Lane.RentBox<TMachine, byte>();
            _box = box;
            box.Machine = machine;
        }

        awaiter.Park(_box);
    }
}
