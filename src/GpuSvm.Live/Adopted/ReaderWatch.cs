namespace GpuSvm.Live;

/// <summary>Reads the messages of a process while a thread of the engine reads its memory and seems to wait: nobody else may be free to.</summary>
/// <remarks>Sleeps while nothing is read for a while; costs a read of the process's memory nothing but two words else.</remarks>
internal sealed class ReaderWatch : IDisposable
{
    private const int IdleLooks = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private readonly MessageQueue _messages;
    private readonly WakeEvent _wake = new();
    private readonly SvmThread _thread;
    private long _begun;
    private bool _isReading;
    private bool _isAsleep;
    private bool _stopping;

    /// <summary>Starts to watch.</summary>
    public ReaderWatch(MessageQueue messages)
    {
        _messages = messages;
        _thread = SvmThread.Start("adopted watch", Run);
    }

    /// <summary>A read begins. One at a time.</summary>
    public void Begin()
    {
        SharedWord.Add(ref _begun, 1);
        SharedWord.Write(ref _isReading, true);
        if (SharedWord.Exchange(ref _isAsleep, false))
        {
            _wake.Set();
        }
    }

    /// <summary>It has ended.</summary>
    public void End() => SharedWord.Write(ref _isReading, false);

    /// <inheritdoc/>
    public void Dispose()
    {
        SharedWord.Write(ref _stopping, true);
        _wake.Set();
        _thread.Join();
    }

    private void Run()
    {
        long last = 0;
        int idle = 0;
        while (!SharedWord.Read(ref _stopping))
        {
            long begun = SharedWord.Read(ref _begun);
            bool isReading = SharedWord.Read(ref _isReading);
            if (isReading && begun == last)
            {
                _messages.Read();
            }

            idle = isReading || begun != last ? 0 : idle + 1;
            last = begun;
            if (idle < IdleLooks)
            {
                _ = _wake.Wait(Clock.Monotonic.After(Pause));
                continue;
            }

            idle = 0;
            SharedWord.Exchange(ref _isAsleep, true);
            if (SharedWord.Read(ref _begun) == last)
            {
                _wake.Wait();
            }
        }
    }
}
