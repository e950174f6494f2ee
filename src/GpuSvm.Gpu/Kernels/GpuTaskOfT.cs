using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>What a helper with a result returns to the kernel that awaits it. Each task is awaited once.</summary>
/// <typeparam name="T">Type of the result.</typeparam>
[AsyncMethodBuilder(typeof(GpuTaskBuilder<>))]
public readonly struct GpuTask<T>
{
    private readonly LaneBox? _box;
    private readonly int _version;
    private readonly T _result;

    internal GpuTask(LaneBox? box, T result)
    {
        _box = box;
        _version = box?.Version ?? 0;
        _result = result;
    }

    /// <summary>True once the helper has ended.</summary>
    public bool IsCompleted => _box is null || _box.IsDone;

    /// <summary>For the compiler: makes the task awaitable.</summary>
    public Awaiter GetAwaiter() => new(this);

    /// <summary>Waits for a helper and takes its result.</summary>
    public readonly struct Awaiter : ICriticalNotifyCompletion, ILaneAwaiter
    {
        private readonly GpuTask<T> _task;

        internal Awaiter(GpuTask<T> task) => _task = task;

        /// <summary>True once the helper has ended.</summary>
        public bool IsCompleted => _task.IsCompleted;

        /// <inheritdoc/>
        public GpuThread Lane => _task._box!.Lane!;

        /// <summary>The helper's result; throws what the helper threw.</summary>
        /// <exception cref="InvalidOperationException">The task was awaited before.</exception>
        public T GetResult()
        {
            if (_task._box is not { } box)
            {
                return _task._result;
            }

            box.DemandUse(_task._version);
            T result = box is ResultBox<T> holder ? holder.Result : default!;
            box.Finish(_task._version);
            return result;
        }

        /// <inheritdoc/>
        public void Park(LaneBox box)
        {
            _task._box!.DemandUse(_task._version);
            _task._box.Parent = box;
        }

        /// <inheritdoc/>
        public void OnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();
    }
}
