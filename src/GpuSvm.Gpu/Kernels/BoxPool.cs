using System.Runtime.CompilerServices;

namespace GpuSvm;

/// <summary>The boxes of one SM's part of a launch, so that a wait allocates nothing once warm.</summary>
/// <remarks>
/// Never static: a pool that outlives its launch would keep a kernel's collectible assembly alive. One thread at a time.
/// </remarks>
internal abstract class BoxPool
{
    private BoxPool? Next { get; set; }

    /// <summary>A box for this type of state machine; a launch has few types, so a short list is searched.</summary>
    internal static LaneBox<TMachine, T> Rent<TMachine, T>(ref BoxPool? first, GpuThread lane)
        where TMachine : IAsyncStateMachine
    {
        for (BoxPool? pool = first; pool is not null; pool = pool.Next)
        {
            if (pool is BoxPool<TMachine, T> match)
            {
                return match.Rent(lane);
            }
        }

        var added = new BoxPool<TMachine, T> { Next = first };
        first = added;
        return added.Rent(lane);
    }
}

/// <summary>The boxes of one type of state machine.</summary>
internal sealed class BoxPool<TMachine, T> : BoxPool
    where TMachine : IAsyncStateMachine
{
    private LaneBox<TMachine, T>? _free;

    internal LaneBox<TMachine, T> Rent(GpuThread lane)
    {
        LaneBox<TMachine, T> box = _free ?? new LaneBox<TMachine, T>(this);
        _free = box.Next;
        box.Next = null;
        box.Begin(lane);
        return box;
    }

    internal void Return(LaneBox<TMachine, T> box)
    {
        box.Next = _free;
        _free = box;
    }
}
