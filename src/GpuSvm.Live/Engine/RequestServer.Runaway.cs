using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <content>What is done about a kernel that does not end: the app gets its memory back, and the engine ends.</content>
internal sealed partial class RequestServer
{
    /// <summary>How long the app's memory may take to come home: long, since the kernel may burn the CPUs.</summary>
    private static readonly TimeSpan HomeLimit = TimeSpan.FromSeconds(30);

    private readonly StopEvent _runaway = new();
    private ThreadActivity _stuck;
    private string? _released;

    /// <summary>True once the app has its memory back and needs the engine no longer, which cannot end in order.</summary>
    public bool HasReleased => _released is not null;

    /// <summary>Readable when there is something for <see cref="Notice"/>.</summary>
    private SafeFileHandle Noticed => HasReleased ? session.Told : _runaway.Descriptor;

    /// <summary>Gives the event back; <see cref="Run"/> has returned.</summary>
    public void Dispose() => _runaway.Dispose();

    /// <summary>Called by the watch: the thread that takes the requests sees to it, so that none of them is under way meanwhile.</summary>
    private void OnRunaway(ThreadActivity thread)
    {
        if (_launches.On(thread.Instance) is not null)
        {
            _stuck = thread;
            _runaway.Set();
        }
    }

    private void Notice()
    {
        if (HasReleased)
        {
            session.PassOver();
            return;
        }

        (uint Id, string Kernel)? launch = _launches.On(_stuck.Instance);
        string reason =
            $"kernel '{launch?.Kernel}' ran for more than {kernelLimit.TotalSeconds} s without an access, a pause or its end, "
            + $"in thread {_stuck.Thread} of block {_stuck.Block}";
        if (!EngineProgram.Try(session.Release, HomeLimit, "the app's memory did not come home in time", log))
        {
            log.Write($"{reason}; its memory could not be given back, so the engine ends, and the app with it");
            EngineProgram.EndAtOnce(log);
        }

        _released = reason;
        log.Write($"{reason}; the engine ends, and the app goes on without it");
        foreach (uint id in _launches.TakeAll())
        {
            Reply(MessageKind.Launched, id, id == launch?.Id ? Failed(reason) : Cancelled());
        }

        TryReply(MessageKind.Released, 0, new ReleasedNotice { Reason = reason }, null);
    }

    /// <summary>Answers what is asked for once the memory is given back.</summary>
    private void Refuse(ReceivedMessage message)
    {
        if (message.Kind == MessageKind.Close)
        {
            Reply(MessageKind.Done, message.Id, new DoneReply());
        }
        else
        {
            Reply(MessageKind.Error, message.Id, new ErrorReply { Error = Errno.ECANCELED, Message = $"The engine has ended: {_released}." });
        }
    }

    private static LaunchReply Failed(string reason) => new()
    {
        Status = LaunchStatus.Faulted,
        Fault = new FaultReply { Address = 0, Access = FaultAccess.Read, Reason = reason, Error = Errno.ETIMEDOUT },
        Exception = null,
        ElapsedTicks = 0,
    };

    private static LaunchReply Cancelled() =>
        new() { Status = LaunchStatus.Cancelled, Fault = null, Exception = null, ElapsedTicks = 0 };
}
