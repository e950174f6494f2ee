using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The engine's main program: serves one app until that ends.</summary>
internal static class EngineProgram
{
    /// <summary>How long a session may take to end once the app is gone: a kernel that never waits must not keep the process.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private const int Failed = 1;

    /// <summary>Connects to the app and serves it.</summary>
    /// <param name="address">The app's socket.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string address)
    {
        using var signals = GroupSignals.Ignore();

        // Not Console.Error, whose lock a kernel may hold.
        var log = new EngineLog(new StreamWriter(Console.OpenStandardError()));
        try
        {
            using var channel = new MessageChannel(LocalSocket.Connect(address));
            channel.Socket.DemandOwnUser();
            return Serve(channel, log);
        }
        catch (SvmException refused)
        {
            log.Write($"the engine ends: {refused.Message}");
            return Failed;
        }
        finally
        {
            log.Flush();
        }
    }

    private static int Serve(MessageChannel channel, EngineLog log)
    {
        if (!channel.TryReceive(out ReceivedMessage? hello))
        {
            return 0;
        }

        using SafeFileHandle app = ProcessFile.Open(channel.Socket.PeerProcessId);
        EngineSession session;
        EngineSettings settings;
        try
        {
            settings = hello.Kind == MessageKind.Greet ? hello.Body<GreetRequest>().ToSettings() : hello.Body<HelloRequest>().Settings;
            DemandVersion(settings.Library);
            session = new EngineSession(
                settings, new Userfaultfd(hello.DemandDescriptor()), channel.Socket.PeerProcessId, log, () => ProcessFile.Kill(app));
        }
        catch (Exception refused) when (refused is SvmException or ArgumentException)
        {
            channel.Send(MessageKind.Error, hello.Id, RequestServer.ErrorOf(refused));
            return Failed;
        }

        channel.Send(MessageKind.Ready, hello.Id, new ReadyReply
        {
            Features = [.. LiveSupport.FeatureNames(session.Features)],
            Kernel = LiveSupport.KernelRelease,
            ProcessId = Environment.ProcessId,
        });
        using var server = new RequestServer(session, channel, TimeSpan.FromTicks(settings.KernelLimitTicks), log);
        try
        {
            server.Run(app);
        }
        finally
        {
            if (server.HasReleased)
            {
                EndAtOnce(log);
            }

            if (!Try(session.Dispose, EndLimit, $"a kernel did not end within {EndLimit.TotalSeconds} s of its app; the engine ends without it", log))
            {
                EndAtOnce(log);
            }
        }

        return 0;
    }

    /// <summary>Does something that a kernel which does not end, or a defect, may keep from ending.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="late">The line that is written when it takes longer.</param>
    /// <param name="log">Where.</param>
    /// <returns>False if it failed, or is late; a line says which.</returns>
    public static bool Try(Action action, TimeSpan limit, string late, EngineLog log)
    {
        var ended = new WakeEvent();
        bool succeeded = false;
        SvmThread.Start("engine end", () =>
        {
            try
            {
                action();
                SharedWord.Write(ref succeeded, true);
            }
            catch (Exception failure)
            {
                log.Write($"the engine did not end in order: {failure}");
            }
            finally
            {
                ended.Set();
            }
        });
        if (!ended.Wait(Clock.Monotonic.After(limit)))
        {
            log.Write(late);
            return false;
        }

        return SharedWord.Read(ref succeeded);
    }

    /// <summary>Ends the engine whatever its threads do; an app that still lives ends with it.</summary>
    /// <remarks>Not by <see cref="Environment.Exit"/>, which waits for handlers that a kernel's assembly may have set.</remarks>
    public static void EndAtOnce(EngineLog log)
    {
        try
        {
            log.Flush();
        }
        finally
        {
            using SafeFileHandle self = ProcessFile.Open(Environment.ProcessId);
            ProcessFile.Kill(self);
        }
    }

    /// <summary>The app and its engine are of one build: they share kernels and messages.</summary>
    private static void DemandVersion(string library)
    {
        string own = LiveSupport.Version;
        if (library != own)
        {
            throw new SvmException(
                Errno.EPROTO, $"The app uses GpuSvm {library}, but the engine is of GpuSvm {own}: both must be of one build.");
        }
    }
}
