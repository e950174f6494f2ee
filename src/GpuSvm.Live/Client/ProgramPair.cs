using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The engine and the guard of a session, both with this process's userfaultfd.</summary>
internal sealed class ProgramPair : IDisposable
{
    /// <summary>How long a program may take to answer before anything else is under way with it.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly RankedLock _telling = new(LockRank.Machine);
    private readonly ChildProgram _engine;
    private readonly ChildProgram _guard;

    // Kept open here too: should both programs be killed, this process waits at its next fault instead of reading a wrong byte.
    private readonly Userfaultfd _userfaultfd;

    private ProgramPair(ChildProgram engine, ChildProgram guard, Userfaultfd userfaultfd, ReadyReply ready)
    {
        _engine = engine;
        _guard = guard;
        _userfaultfd = userfaultfd;
        Ready = ready;
    }

    /// <summary>What the engine told of the machine.</summary>
    public ReadyReply Ready { get; }

    /// <summary>Messages to and from the engine.</summary>
    public MessageChannel EngineChannel => _engine.Channel;

    /// <summary>The guard's process id.</summary>
    public int GuardProcessId => _guard.ProcessId;

    /// <summary>True if somebody has killed the guard.</summary>
    public bool IsUnguarded => _guard.HasEnded;

    /// <summary>Starts both.</summary>
    /// <exception cref="SvmException">The machine cannot do it, or a program does not start; nothing is left of it then.</exception>
    /// <exception cref="ArgumentException">The engine finds a setting wrong.</exception>
    public static ProgramPair Open(EngineSettings settings, string enginePath)
    {
        string? missing = LiveSupport.Missing;
        Userfaultfd? userfaultfd = null;
        Errno error = missing is null ? Userfaultfd.TryOpen(out userfaultfd, out missing) : Errno.EOPNOTSUPP;
        if (error != Errno.None)
        {
            throw new SvmException(error, $"This machine cannot share live memory: {missing}.");
        }

        ChildProgram? engine = null;
        ChildProgram? guard = null;
        try
        {
            (engine, guard) = StartBoth(enginePath);
            var hello = new HelloRequest { Settings = settings };
            ReadyReply ready = Ask<HelloRequest, ReadyReply>(engine, MessageKind.Hello, hello, userfaultfd);
            var watch = new WatchRequest { EnginePid = engine.ProcessId, AppPid = Environment.ProcessId };
            Ask<WatchRequest, DoneReply>(guard, MessageKind.Watch, watch, userfaultfd);
            if (Breaks.GuardHoldsNothing)
            {
                userfaultfd!.Dispose();
            }

            return new ProgramPair(engine, guard, userfaultfd!, ready);
        }
        catch
        {
            engine?.End();
            engine?.Dispose();
            guard?.End();
            guard?.Dispose();
            userfaultfd!.Dispose();
            throw;
        }
    }

    /// <summary>Has the guard hold the userfaultfd of a child, should the engine die.</summary>
    public void Hold(SafeFileHandle userfaultfd)
    {
        using (_telling.Enter())
        {
            try
            {
                _guard.Channel.Send(MessageKind.Hold, id: 0, new HoldNotice(), userfaultfd);
            }
            catch (SvmException)
            {
                // The guard has ended.
            }
        }
    }

    /// <summary>Ends the guard. Before the engine, whose end it would take for a crash.</summary>
    public void EndGuard()
    {
        using RankedLock.Scope telling = _telling.Enter();
        try
        {
            Ask<CloseRequest, DoneReply>(_guard, MessageKind.Close, new CloseRequest(), null);
        }
        catch (SvmException) when (_guard.WaitForEnd())
        {
            // Somebody has killed it. The session did without.
        }

        _guard.End();
    }

    /// <summary>Says nothing more to the engine and hears nothing: it ends by itself.</summary>
    public void LeaveEngine() => EngineChannel.Socket.Shutdown();

    /// <summary>Ends the engine.</summary>
    public void EndEngine() => _engine.End();

    /// <summary>Closes what is open to both.</summary>
    public void Dispose()
    {
        _guard.Dispose();
        _engine.Dispose();
        _userfaultfd.Dispose();
    }

    /// <summary>Starts both at once: most of the time goes into starting their runtimes.</summary>
    private static (ChildProgram Engine, ChildProgram Guard) StartBoth(string enginePath)
    {
        ChildProgram.Starting engineStart = ChildProgram.Start(enginePath, "engine");
        ChildProgram.Starting? guardStart = null;
        ChildProgram engine;
        try
        {
            guardStart = ChildProgram.Start(enginePath, "guard");
            engine = engineStart.Connect();
        }
        catch
        {
            engineStart.Abandon();
            guardStart?.Abandon();
            throw;
        }

        try
        {
            return (engine, guardStart.Connect());
        }
        catch
        {
            engine.End();
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Asks a program something while nothing else is under way with it.</summary>
    private static TReply Ask<TRequest, TReply>(ChildProgram program, MessageKind kind, TRequest request, Userfaultfd? userfaultfd)
    {
        program.Channel.Send(kind, id: 0, request, userfaultfd?.Descriptor);
        if (PollSet.Wait([program.Channel.Socket.Descriptor], AnswerLimit, stackalloc bool[1]) == 0)
        {
            throw new SvmException(
                Errno.ETIMEDOUT, $"Process {program.ProcessId} did not answer {kind} within {AnswerLimit.TotalSeconds} s.");
        }

        if (!program.Channel.TryReceive(out ReceivedMessage? reply))
        {
            throw new SvmException(Errno.ECANCELED, $"Process {program.ProcessId} ended while it was asked for {kind}.");
        }

        return reply.Kind == MessageKind.Error ? throw reply.Body<ErrorReply>().ToException() : reply.Body<TReply>();
    }
}
