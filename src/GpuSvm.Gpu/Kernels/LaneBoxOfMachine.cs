using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>A box for one type of state machine.</summary>
/// <typeparam name="TMachine">The state machine that the compiler made of an async method.</typeparam>
/// <typeparam name="T">What the method returns; a byte for those that return nothing.</typeparam>
internal sealed class LaneBox<TMachine, T>(BoxPool<TMachine, T> pool) : ResultBox<T>
    where TMachine : IAsyncStateMachine
{
    /// <summary>The state machine, copied here when it first waits.</summary>
    internal TMachine Machine = default!;

    internal LaneBox<TMachine, T>? Next { get; set; }

    internal override void Step() => Machine.MoveNext();

    private protected override void Recycle()
    {
        Machine = default!;
        Result = default!;
        pool.Return(this);
    }
}
