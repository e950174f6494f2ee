using System.Diagnostics;
using System.Globalization;
using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Fuzz;

/// <summary>Guards get messages of no library: one that watches stays, whatever it hears, and kills nobody. <c>fuzz-guard SEED SECONDS</c></summary>
internal sealed class FuzzGuard : ILiveProgram
{
    private const int MessagesEach = 200;
    private static readonly MessageKind[] Kinds = Enum.GetValues<MessageKind>();

    /// <inheritdoc/>
    public string Name => "fuzz-guard";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output)
    {
        int seed = int.Parse(args[0], CultureInfo.InvariantCulture);
        var length = TimeSpan.FromSeconds(double.Parse(args[1], CultureInfo.InvariantCulture));
        output.WriteLine($"seed {seed}");
        output.Flush();
        using Process engine = Process.Start("sleep", "1000");
        long start = Stopwatch.GetTimestamp();
        int guards = 0;
        int messages = 0;
        try
        {
            do
            {
                messages += Run(unchecked(seed + (guards * 7919)), engine.Id);
                guards++;
            }
            while (Stopwatch.GetElapsedTime(start) < length);
        }
        finally
        {
            engine.Kill();
        }

        output.WriteLine($"{guards} guards, {messages} messages");
        return Task.CompletedTask;
    }

    private static int Run(int seed, int engine)
    {
        var random = new Random(seed);
        var messages = new MessageGenerator(random, Kinds);
        messages.Bodies.Know((ulong)engine);
        messages.Bodies.Know((ulong)Environment.ProcessId);
        using var guard = new FuzzedProgram("guard");
        Errno error = Userfaultfd.TryOpen(out Userfaultfd? userfaultfd, out string? missing);
        Check.Equal(Errno.None, error, missing ?? "userfaultfd");
        using Userfaultfd held = userfaultfd!;
        try
        {
            // The guard may be told of this process and of the engine only; here the engine lives on, so nobody is killed.
            return random.Next(3) == 0 ? Greet(guard, messages) : Talk(guard, messages, held.Descriptor, engine);
        }
        catch (CheckFailedException failed)
        {
            throw new CheckFailedException($"guard seed {seed}: {failed.Message}");
        }
    }

    /// <summary>A first message that is none: the guard refuses and ends.</summary>
    private static int Greet(FuzzedProgram guard, MessageGenerator messages)
    {
        byte[] first = messages.Noise(1);
        using SafeFileHandle? stray = messages.Descriptor();
        string text = Convert.ToHexString(first);
        guard.TrySend(first, stray);
        if (guard.Receive(text) is { } reply)
        {
            Check.Equal(MessageKind.Error, reply.Kind, $"the answer to {text}");
        }

        (int code, string[] lines) = guard.End(text);
        Check.That(code == 2 && lines.Length <= 1, $"exit code {code} after {text}:\n{string.Join('\n', lines)}");
        return 1;
    }

    private static int Talk(FuzzedProgram guard, MessageGenerator messages, SafeFileHandle userfaultfd, int engine)
    {
        guard.Channel.Send(MessageKind.Watch, 1, new WatchRequest { EnginePid = engine, AppPid = Environment.ProcessId }, userfaultfd);
        Check.Equal(MessageKind.Done, guard.Receive("watch")?.Kind ?? default, "the answer to a right message");
        int descriptors = guard.Descriptors;
        for (uint id = 2; id < MessagesEach; id++)
        {
            byte[] message = id % 16 == 0 ? messages.Noise(id) : messages.Readable(id, out MessageKind _);
            using SafeFileHandle? stray = messages.Descriptor();
            bool isClose = message.Length > 7 && message[6] == (byte)MessageKind.Close && message[7] == 0;
            if (!isClose)
            {
                guard.TrySend(message, stray);
            }
        }

        // The guard stays, with what it holds. It has heard all that it will: either all was taken, or it hears no more.
        Check.That(!guard.Process.HasExited, "a guard that has ended though its engine lives");
        guard.Channel.Socket.Shutdown();
        Check.That(!guard.Process.WaitForExit(TimeSpan.FromMilliseconds(50)), "a guard that has ended with its connection");
        guard.DemandDescriptors(descriptors + 1);
        return MessagesEach;
    }
}
