using System.Runtime.ExceptionServices;

namespace GpuSvm;

/// <summary>The place of a kernel or helper that has waited at least once: its state machine, off the stack.</summary>
/// <remarks>Belongs to the method builders. A box is used again as soon as its result was taken.</remarks>
public abstract class LaneBox
{
    private int _version;

    private protected LaneBox()
    {
    }

    internal GpuThread? Lane { get; set; }

    /// <summary>The state machine that awaits this one.</summary>
    internal LaneBox? Parent { get; set; }

    internal bool IsDone { get; private set; }

    /// <summary>Tells a task of an earlier use of this box from a task of this use.</summary>
    internal int Version => _version;

    internal Exception? Error { get; private set; }

    /// <summary>Runs the state machine up to its next wait or its end.</summary>
    internal abstract void Step();

    /// <summary>Ends this use: the result is kept for the awaiting state machine, which goes on at once.</summary>
    internal void Complete(Exception? error)
    {
        Error = error;
        IsDone = true;
        Parent?.Step();
    }

    /// <summary>Starts another use.</summary>
    internal void Begin(GpuThread lane)
    {
        Lane = lane;
        Parent = null;
        Error = null;
        IsDone = false;
    }

    /// <summary>Ends the use whose task holds <paramref name="version"/>: gives the box back, throws what the method threw.</summary>
    internal void Finish(int version)
    {
        DemandUse(version);
        if (!IsDone)
        {
            throw new InvalidOperationException("A GpuTask gives no result before it has ended: await it.");
        }

        if (Release() is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Gives the box back, and what the method threw.</summary>
    internal Exception? Release()
    {
        Exception? error = Error;
        Error = null;
        unchecked
        {
            _version++;
        }

        Recycle();
        return error;
    }

    /// <summary>Throws when the task that holds <paramref name="version"/> was awaited before.</summary>
    internal void DemandUse(int version)
    {
        if (version != _version)
        {
            throw new InvalidOperationException("A GpuTask was awaited a second time: its place may serve another call. Await each once.");
        }
    }

    private protected abstract void Recycle();
}
