using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <content>The end of a session that cannot end in order, for its GPU cannot be stopped: the app keeps its memory.</content>
internal sealed partial class EngineSession
{
    /// <summary>Watches for kernels that do not end.</summary>
    /// <param name="limit">How long a thread of the GPU may run without an access, a pause or its end.</param>
    /// <param name="onRunaway">Called by the watch's own thread, each time that one has.</param>
    public KernelWatch WatchKernels(TimeSpan limit, Action<ThreadActivity> onRunaway) => new(_gpu, _sms, limit, onRunaway);

    /// <summary>Cancels every launch, brings every page home and makes the app's buffers plain memory, which the kernel serves by itself.</summary>
    /// <exception cref="SvmException">The app's memory cannot be given back whole: only the app's end is left.</exception>
    /// <remarks>
    /// Faults are served while pages come home. Then nobody here touches a frame any more, and only then is the memory unregistered:
    /// what the app stores from then on must not be cleared by a fault that was told before. Those who wait for a page go on by that.
    /// </remarks>
    public void Release()
    {
        StopGpu();
        GiveBackAll();
        _app.Stop();
        _family.LeaveChildren();
        _app.Release();
    }

    /// <summary>Readable when there is something for <see cref="PassOver"/>.</summary>
    public SafeFileHandle Told => _app.Userfaultfd.Descriptor;

    /// <summary>Reads what the kernel tells of memory that nobody follows any more: who waits for that goes on.</summary>
    public void PassOver() => _app.PassOver();
}
