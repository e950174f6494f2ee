using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>What a kernel, or a helper that a kernel awaits, returns. Each task is awaited once.</summary>
[AsyncMethodBuilder(typeof(GpuTaskBuilder))]
public readonly struct GpuTask
{
    private readonly int _version;

    internal GpuTask(LaneBox? box)
    {
        Box = box;
        _version = box?.Version ?? 0;
    }

    /// <summary>The method's place if it waited; null if it ran through.</summary>
    internal LaneBox? Box { get; }

    /// <summary>True once the method has ended.</summary>
    public bool IsCompleted => Box is null || Box.IsDone;

    /// <summary>For the compiler: makes the task awaitable.</summary>
    public Awaiter GetAwaiter() => new(this);

    /// <summary>Waits for a helper.</summary>
    public readonly struct Awaiter : ICriticalNotifyCompletion, ILaneAwaiter
    {
        private readonly GpuTask _task;

        internal Awaiter(GpuTask task) => _task = task;

        /// <summary>True once the helper has ended.</summary>
        public bool IsCompleted => _task.IsCompleted;

        /// <inheritdoc/>
        public GpuThread Lane => _task.Box!.Lane!;

        /// <summary>Throws what the helper threw.</summary>
        /// <exception cref="InvalidOperationException">The task was awaited before.</exception>
        public void GetResult() => _task.Box?.Finish(_task._version);

        /// <inheritdoc/>
        public void Park(LaneBox box)
        {
            _task.Box!.DemandUse(_task._version);
            _task.Box.Parent = box;
        }

        /// <inheritdoc/>
        public void OnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation) => throw LaneErrors.OutsideKernel();
    }
}
