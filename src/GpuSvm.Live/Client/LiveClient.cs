using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The app's side of a session: the engine and the guard, and what the app asks of them. Thread-safe.</summary>
internal sealed class LiveClient : IDisposable
{
    private readonly Userfaultfd _userfaultfd;
    private readonly ChildProgram _engine;
    private readonly ChildProgram _guard;
    private readonly RequestTable _requests;

    private LiveClient(Userfaultfd userfaultfd, ChildProgram engine, ChildProgram guard, ReadyReply ready)
    {
        _userfaultfd = userfaultfd;
        _engine = engine;
        _guard = guard;
        Ready = ready;
        _requests = new RequestTable(engine.Channel);
    }

    /// <summary>What the engine told of the machine.</summary>
    public ReadyReply Ready { get; }

    /// <summary>The guard's process id.</summary>
    public int GuardProcessId => _guard.ProcessId;

    /// <summary>Starts engine and guard and hands them this process's userfaultfd.</summary>
    /// <exception cref="SvmException">The machine cannot do it, or a program does not start; nothing is left of it then.</exception>
    /// <exception cref="ArgumentException">The engine finds a setting wrong.</exception>
    public static LiveClient Open(EngineSettings settings, string enginePath)
    {
        if (LiveSupport.Missing is { } setting)
        {
            throw new SvmException(Errno.EOPNOTSUPP, $"This machine cannot share live memory: {setting}.");
        }

        Errno error = Userfaultfd.TryOpen(out Userfaultfd? userfaultfd, out string? missing);
        if (error != Errno.None)
        {
            throw new SvmException(error, $"This machine cannot share live memory: {missing}.");
        }

        ChildProgram? engine = null;
        ChildProgram? guard = null;
        try
        {
            // Both start at once: most of the time goes into starting their runtimes.
            ChildProgram.Starting starting = ChildProgram.Start(enginePath, "engine");
            ChildProgram.Starting guarding = StartOrAbandon(enginePath, starting);
            engine = ConnectOrAbandon(starting, guarding);
            guard = guarding.Connect();
            ReadyReply ready = Ask<HelloRequest, ReadyReply>(engine, MessageKind.Hello, new HelloRequest { Settings = settings }, userfaultfd!);
            var watch = new WatchRequest { EnginePid = engine.ProcessId, AppPid = Environment.ProcessId };
            Ask<WatchRequest, DoneReply>(guard, MessageKind.Watch, watch, userfaultfd!);
            if (Breaks.GuardHoldsNothing)
            {
                userfaultfd!.Dispose();
            }

            return new LiveClient(userfaultfd!, engine, guard, ready);
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

    /// <summary>Has a buffer made, maps it here, and has its faults served from then on.</summary>
    public Errno TryMap(VirtualAddress hint, ulong bytes, Protection protection, out VirtualAddress address)
    {
        address = default;
        ReceivedMessage reserved;
        try
        {
            reserved = _requests.Send(MessageKind.Reserve, new ReserveRequest { Bytes = bytes });
        }
        catch (RefusedException refused)
        {
            return refused.Error;
        }

        long id = reserved.Body<ReservedReply>().Buffer;
        using SafeFileHandle file = reserved.DemandDescriptor();
        Errno error = AppMemory.Map(hint, bytes, protection, file, out VirtualAddress mapped);
        if (error != Errno.None)
        {
            _requests.Send(MessageKind.Drop, new DropRequest { Buffer = id });
            return error;
        }

        try
        {
            _requests.Send(MessageKind.Enter, new EnterRequest { Buffer = id, Address = mapped.Value, Protection = protection });
        }
        catch
        {
            AppMemory.Unmap(mapped, bytes);
            throw;
        }

        address = mapped;
        return Errno.None;
    }

    /// <summary>Runs a kernel.</summary>
    public async Task<LaunchResult> LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        var request = new LaunchRequest
        {
            Kernel = KernelReference.Of(kernel),
            Grid = grid,
            Block = block,
            Args = MemoryMarshal.AsBytes(new ReadOnlySpan<TArgs>(in args)).ToArray(),
        };
        ReceivedMessage reply = await _requests.SendAsync(MessageKind.Launch, request).ConfigureAwait(false);
        return reply.Body<LaunchReply>().ToResult();
    }

    /// <summary>What the engine has counted.</summary>
    public async Task<MachineCounters> CountersAsync()
    {
        ReceivedMessage reply = await _requests.SendAsync(MessageKind.Counters, new CountersRequest()).ConfigureAwait(false);
        return reply.Body<CountersReply>().Counters;
    }

    /// <summary>Where a page is.</summary>
    public async Task<PageResidency> QueryAsync(VirtualAddress address)
    {
        ReceivedMessage reply = await _requests.SendAsync(MessageKind.Query, new QueryRequest { Address = address.Value }).ConfigureAwait(false);
        return reply.Body<PageStateReply>().ToResidency();
    }

    /// <summary>Takes write access to a range away until it is written again.</summary>
    public Task WriteProtectAsync(VirtualAddress address, ulong bytes) =>
        _requests.SendAsync(MessageKind.WriteProtect, new WriteProtectRequest { Address = address.Value, Bytes = bytes });

    /// <summary>Cancels every launch. CPU faults are served until <see cref="Dispose"/>.</summary>
    public Task CloseAsync() => _requests.SendAsync(MessageKind.Close, new CloseRequest());

    /// <summary>Ends guard and engine; the app has unmapped all buffers.</summary>
    public void Dispose()
    {
        // The guard first: it would take the engine's end for a crash.
        DismissGuard();
        _guard.End();
        _guard.Dispose();
        _engine.End();
        _requests.Join();
        _engine.Dispose();
        _userfaultfd.Dispose();
    }

    private void DismissGuard()
    {
        try
        {
            Ask<CloseRequest, DoneReply>(_guard, MessageKind.Close, new CloseRequest(), null);
        }
        catch (SvmException) when (_guard.WaitForEnd())
        {
            // Somebody has killed it. The session did without.
        }
    }

    private static ChildProgram.Starting StartOrAbandon(string enginePath, ChildProgram.Starting other)
    {
        try
        {
            return ChildProgram.Start(enginePath, "guard");
        }
        catch
        {
            other.Abandon();
            throw;
        }
    }

    private static ChildProgram ConnectOrAbandon(ChildProgram.Starting engine, ChildProgram.Starting guard)
    {
        try
        {
            return engine.Connect();
        }
        catch
        {
            guard.Abandon();
            throw;
        }
    }

    /// <summary>Asks a program something before anything else is under way with it.</summary>
    private static TReply Ask<TRequest, TReply>(ChildProgram program, MessageKind kind, TRequest request, Userfaultfd? userfaultfd)
    {
        program.Channel.Send(kind, id: 0, request, userfaultfd?.Descriptor);
        if (!program.Channel.TryReceive(out ReceivedMessage? reply))
        {
            throw new SvmException(Errno.ECANCELED, $"Process {program.ProcessId} ended while it was asked for {kind}.");
        }

        if (reply.Kind == MessageKind.Error)
        {
            ErrorReply error = reply.Body<ErrorReply>();
            throw error.ToException();
        }

        return reply.Body<TReply>();
    }
}
