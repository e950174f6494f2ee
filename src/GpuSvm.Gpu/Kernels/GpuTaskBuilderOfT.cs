using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>For the compiler: builds the <see cref="GpuTask{T}"/> of an async method, as <see cref="GpuTaskBuilder"/> does.</summary>
/// <typeparam name="T">What the method returns.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct GpuTaskBuilder<T>
{
    private LaneBox? _box;
    private T _result;

    /// <summary>The task to return.</summary>
    public readonly GpuTask<T> Task => new(_box, _result);

    /// <summary>A builder for one call.</summary>
    public static GpuTaskBuilder<T> Create() => default;

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

    /// <summary>Ends the method with its result.</summary>
    public void SetResult(T result)
    {
        if (_box is null)
        {
            _result = result;
            return;
        }

        ((ResultBox<T>)_box).Result = result;
        _box.Complete(null);
    }

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
            LaneBox<TMachine, T> box = awaiter.Lane.RentBox<TMachine, T>();
            _box = box;
            box.Machine = machine;
        }

        awaiter.Park(_box);
    }
}
