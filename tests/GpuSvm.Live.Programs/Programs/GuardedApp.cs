using System.Diagnostics;
using System.Globalization;
using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs;

/// <summary>An app with a guard and, as its engine, a process that the test names: says what the guard answers, does as told.</summary>
public sealed class GuardedApp : ILiveProgram
{
    private const string Held = "gpusvm-held";

    /// <inheritdoc/>
    public string Name => "guarded-app";

    /// <param name="args">What to do (close, leave, stray, hang-up, impostor or stay), and the process that passes for the engine.</param>
    /// <param name="output">One line an answer.</param>
    public Task RunAsync(string[] args, TextWriter output)
    {
        string manner = args[0];
        int engine = int.Parse(args[1], CultureInfo.InvariantCulture);
        using LocalSocket listener = LocalSocket.Listen(out string address);
        using Process guard = Process.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "GpuSvm.Engine.dll"), "guard", address]);
        using LocalSocket socket = listener.Accept(TimeSpan.FromSeconds(30)) ?? throw new CheckFailedException("The guard did not come.");
        using var channel = new MessageChannel(socket);
        using SafeFileHandle held = MemoryFile.Create(Held, Page.Size);
        int app = manner == "impostor" ? engine : Environment.ProcessId;
        channel.Send(MessageKind.Watch, 1, new WatchRequest { EnginePid = engine, AppPid = app }, held);
        output.WriteLine(Answer(channel));
        output.WriteLine($"holds {HeldBy(guard)}");
        switch (manner)
        {
            case "leave":
                return Task.CompletedTask;
            case "close":
                channel.Send(MessageKind.Close, 2, new CloseRequest());
                output.WriteLine(Answer(channel));
                break;
            case "stray":
                channel.Send(MessageKind.Query, 2, new QueryRequest { Address = 0 });
                output.WriteLine(Answer(channel));
                break;
            case "hang-up":
                channel.Dispose();
                break;
            default:
                break;
        }

        if (manner is "close" or "impostor")
        {
            guard.WaitForExit();
            output.WriteLine($"exit {guard.ExitCode}");
            return Task.CompletedTask;
        }

        output.WriteLine("waits");
        output.Flush();
        _ = Console.In.Read();
        return Task.CompletedTask;
    }

    private static string Answer(MessageChannel channel) =>
        !channel.TryReceive(out ReceivedMessage? message) ? "end"
        : message.Kind == MessageKind.Error ? $"{message.Id} {message.Body<ErrorReply>().Message}"
        : $"{message.Id} {message.Kind}";

    private static int HeldBy(Process guard)
    {
        try
        {
            return Directory.GetFiles($"/proc/{guard.Id}/fd")
                .Count(link => new FileInfo(link).LinkTarget?.Contains(Held, StringComparison.Ordinal) ?? false);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0; // a guard that has ended
        }
    }
}
