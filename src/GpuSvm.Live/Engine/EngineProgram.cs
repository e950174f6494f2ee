using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The engine's main program: serves one app until that ends.</summary>
internal static class EngineProgram
{
    /// <summary>How long a session may take to end once the app is gone: a kernel that never waits must not keep the process.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    /// <summary>Connects to the app and serves it.</summary>
    /// <param name="address">The app's socket.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string address)
    {
        // A terminal sends these to all programs in front; the app decides what becomes of them, and the engine ends when it does.
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => context.Cancel = true);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        using LocalSocket socket = LocalSocket.Connect(address);
        using var channel = new MessageChannel(socket);
        var log = new EngineLog(Console.Error);
        try
        {
            return Serve(socket, channel, log);
        }
        catch (ProtocolException malformed)
        {
            log.Write(malformed.Message);
            return 1;
        }
    }

    private static int Serve(LocalSocket socket, MessageChannel channel, EngineLog log)
    {
        if (!channel.TryReceive(out ReceivedMessage? hello))
        {
            return 0;
        }

        using SafeFileHandle app = ProcessFile.Open(socket.PeerProcessId);
        EngineSession session;
        try
        {
            session = new EngineSession(hello.Body<HelloRequest>().Settings, new Userfaultfd(hello.DemandDescriptor()), log, () => ProcessFile.Kill(app));
        }
        catch (Exception refused) when (refused is SvmException or ArgumentException)
        {
            channel.Send(MessageKind.Error, hello.Id, RequestServer.ErrorOf(refused));
            return 1;
        }

        channel.Send(MessageKind.Ready, hello.Id, new ReadyReply
        {
            Features = [.. LiveSupport.FeatureNames(session.Features & LiveSupport.Required)],
            Kernel = LiveSupport.KernelRelease,
            ProcessId = Environment.ProcessId,
        });
        var server = new RequestServer(session, channel);
        try
        {
            server.Run();
        }
        finally
        {
            End(session, log);
        }

        return 0;
    }

    private static void End(EngineSession session, EngineLog log)
    {
        var ended = new WakeEvent();
        SvmThread.Start("engine end", () =>
        {
            session.Dispose();
            ended.Set();
        });
        if (!ended.Wait(Clock.Monotonic.After(EndLimit)))
        {
            log.Write($"a kernel did not end within {EndLimit.TotalSeconds} s of its app; the engine ends without it");
            Environment.Exit(1);
        }
    }
}
