using GpuSvm.Core;

namespace GpuSvm.Live.Programs;

/// <summary>A thread that makes one native call, which may have to wait for a page or for an event to be read.</summary>
internal sealed class Toucher
{
    private readonly WakeEvent _wake = new();
    private int _result;
    private bool _hasEnded;

    private Toucher()
    {
    }

    /// <summary>True once the call has returned.</summary>
    public bool HasEnded => Volatile.Read(ref _hasEnded);

    /// <summary>Starts the call.</summary>
    public static Toucher Start(Func<int> call)
    {
        var toucher = new Toucher();
        SvmThread.Start("toucher", () =>
        {
            toucher._result = call();
            Volatile.Write(ref toucher._hasEnded, true);
            toucher._wake.Set();
        });
        return toucher;
    }

    /// <summary>Waits until the call has returned, which it must.</summary>
    public int End()
    {
        Check.That(_wake.Wait(TrapRig.Limit), "a thread waits for ever");
        return _result;
    }
}
