using System.Runtime.CompilerServices;
using GpuSvm.Gpu;

namespace GpuSvm;

/// <content>What happens to a thread that cannot go on: its access is data, which the SM tries again until it completes.</content>
public sealed unsafe partial class GpuThread
{
    /// <summary>The kernel's own state machine; null if it never waited.</summary>
    private LaneBox? _root;

    /// <summary>The access or pause that the thread waits for.</summary>
    internal PendingAccess Pending;

    /// <summary>The state machine that goes on when the wait is over.</summary>
    internal LaneBox? Waiter { get; private set; }

    /// <summary>True from the kernel's first step on.</summary>
    internal bool IsStarted { get; private set; }

    /// <summary>True once the kernel has ended.</summary>
    internal bool HasEnded => IsStarted && (_root is null || _root.IsDone);

    /// <summary>True while the thread waits at a barrier.</summary>
    internal bool IsAtBarrier { get; set; }

    /// <summary>True once the fault that the thread waits for stands in the fault buffer.</summary>
    internal bool IsReported { get; set; }

    /// <summary>The timestamp of that entry.</summary>
    internal ulong ReportedAt { get; set; }

    /// <summary>True if the fault met a full ring and is never reported again: only by <see cref="Breaks.OverflowLost"/>.</summary>
    internal bool IsLost { get; set; }

    /// <summary>The instance that the thread runs on.</summary>
    internal InstancePointer Instance => _slice.Instance;

    /// <summary>Number of accesses that its SM has made for the instance.</summary>
    internal long Accesses => _port.Tlb.CompletedAccesses;

    /// <summary>The thread's block.</summary>
    internal ResidentBlock Block { get; set; } = null!;

    /// <summary>Makes the thread one of another block.</summary>
    internal void Prepare(int blockIndex)
    {
        BlockIndex = blockIndex;
        IsStarted = false;
        IsAtBarrier = false;
        Pending = default;
        Waiter = null;
        _root = null;
    }

    /// <summary>Runs the kernel up to its first wait.</summary>
    internal void Start(Launch launch)
    {
        IsStarted = true;
        _root = launch.Start(this).Box;
    }

    /// <summary>Lets the kernel go on up to its next wait.</summary>
    internal void Resume()
    {
        LaneBox box = Waiter!;
        Waiter = null;
        box.Step();
    }

    /// <summary>What the kernel threw, when it has ended; gives its box back.</summary>
    internal Exception? TakeFailure() => _root?.Release();

    internal LaneBox<TMachine, T> RentBox<TMachine, T>()
        where TMachine : IAsyncStateMachine
        => BoxPool.Rent<TMachine, T>(ref _slice.Boxes, this);

    /// <summary>Takes the result of what the thread waited for.</summary>
    /// <exception cref="GpuAccessException">The launch was stopped meanwhile.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void TakePending()
    {
        PendingState state = Pending.State;
        if (state is not (PendingState.Completed or PendingState.Cancelled))
        {
            throw LaneErrors.NotPending();
        }

        Pending.State = PendingState.None;
        if (state == PendingState.Cancelled)
        {
            throw _slice.StopException();
        }
    }

    internal T TakePending<T>()
        where T : unmanaged
    {
        TakePending();
        return FromBits<T>(Pending.Result);
    }

    internal void ParkAccess(LaneBox box)
    {
        Park(box);
        _slice.AddFaulted(this);
    }

    internal void ParkAtBarrier(LaneBox box)
    {
        Park(box);
        _slice.AddAtBarrier(this);
    }

    internal void ParkYielded(LaneBox box)
    {
        Park(box);
        _slice.Ready(this, PendingState.Completed);
    }

    private void Park(LaneBox box)
    {
        if (Pending.State != PendingState.Issued)
        {
            throw LaneErrors.NotPending();
        }

        Pending.State = PendingState.Parked;
        Waiter = box;
    }

    private GpuPause Pause(PauseKind kind)
    {
        Begin(AccessKind.Load, 0, 1, 0, 0);
        if (_slice.IsStopped)
        {
            Pending.State = PendingState.None;
            throw _slice.StopException();
        }

        return new GpuPause(this, kind);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private GpuAccess<T> IssueForValue<T>(AccessKind kind, ulong address, ulong operand, ulong comparand)
        where T : unmanaged
        => TryIssue(kind, address, sizeof(T), operand, comparand)
            ? new GpuAccess<T>(FromBits<T>(Pending.Result))
            : new GpuAccess<T>(this);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private GpuAccess Issue(AccessKind kind, ulong address, int size, ulong operand, ulong comparand) =>
        TryIssue(kind, address, size, operand, comparand) ? default : new GpuAccess(this);

    /// <summary>Walks, and completes the access if it is translated; else it is left to be awaited.</summary>
    private bool TryIssue(AccessKind kind, ulong address, int size, ulong operand, ulong comparand)
    {
        Begin(kind, address, size, operand, comparand);
        _port.CountMiss();
        switch (_port.TryComplete(ref Pending))
        {
            case AccessOutcome.Done:
                Pending.State = PendingState.None;
                return true;
            case AccessOutcome.Faulted:
                return false;
            default:
                Pending.State = PendingState.None;
                throw _slice.StopException();
        }
    }

    private void Begin(AccessKind kind, ulong address, int size, ulong operand, ulong comparand)
    {
        if (Pending.State != PendingState.None)
        {
            throw LaneErrors.StillPending();
        }

        Pending = new PendingAccess
        {
            Kind = kind,
            Address = address,
            Size = (byte)size,
            Operand = operand,
            Comparand = comparand,
            State = PendingState.Issued,
        };
    }
}
