namespace GpuSvm.Live;

/// <summary>Looks for a kernel that neither accesses memory, nor pauses, nor ends: nobody can stop it from outside.</summary>
/// <remarks>
/// It counts its own beats, not seconds: a process that stood still for a while, kernel and watch alike, is not taken for a kernel that
/// does not end.
/// </remarks>
internal sealed class KernelWatch : IDisposable
{
    private const int BeatsPerLimit = 16;

    private readonly SoftwareGpu _gpu;
    private readonly TimeSpan _beat;
    private readonly Action<ThreadActivity> _onRunaway;
    private readonly ThreadActivity[] _last;
    private readonly int[] _beats;
    private readonly WakeEvent _stop = new();
    private readonly SvmThread _thread;
    private bool _stopping;

    /// <summary>Starts to look.</summary>
    /// <param name="gpu">Whose kernels.</param>
    /// <param name="sms">Number of its SMs.</param>
    /// <param name="limit">How long a thread may run on.</param>
    /// <param name="onRunaway">Called by the watch's thread each time that a thread has run for the limit.</param>
    public KernelWatch(SoftwareGpu gpu, int sms, TimeSpan limit, Action<ThreadActivity> onRunaway)
    {
        _gpu = gpu;
        _beat = limit / BeatsPerLimit;
        _onRunaway = onRunaway;
        _last = new ThreadActivity[sms];
        _beats = new int[sms];
        _thread = SvmThread.Start("svm kernel watch", Run);
    }

    /// <summary>Ends.</summary>
    public void Dispose()
    {
        SharedWord.Write(ref _stopping, true);
        _stop.Set();
        _thread.Join();
    }

    private void Run()
    {
        while (!SharedWord.Read(ref _stopping))
        {
            _stop.Wait(Clock.Monotonic.After(_beat));
            for (int sm = 0; sm < _last.Length; sm++)
            {
                if (PassesLimit(sm))
                {
                    _beats[sm] = 0;
                    _onRunaway(_last[sm]);
                }
            }
        }
    }

    private bool PassesLimit(int sm)
    {
        bool runs = _gpu.TryGetActivity(sm, out ThreadActivity activity);
        _beats[sm] = runs && activity == _last[sm] ? _beats[sm] + 1 : 0;
        _last[sm] = activity;
        return _beats[sm] == BeatsPerLimit;
    }
}
