using System.Diagnostics;
using System.Globalization;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Fuzz;

/// <summary>The app's side hears of no engine's messages: each request ends, with a value or an SvmException. <c>fuzz-client SEED SECONDS</c></summary>
internal sealed class FuzzClient : ILiveProgram
{
    private const int RequestsEach = 100;

    /// <summary>How long a request may wait for a reply that never comes before the connection is ended under it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly MessageKind[] Kinds = Enum.GetValues<MessageKind>();

    /// <inheritdoc/>
    public string Name => "fuzz-client";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        int seed = int.Parse(args[0], CultureInfo.InvariantCulture);
        var length = TimeSpan.FromSeconds(double.Parse(args[1], CultureInfo.InvariantCulture));
        output.WriteLine($"seed {seed}");
        await output.FlushAsync();
        int descriptors = Strays();
        long start = Stopwatch.GetTimestamp();
        int rounds = 0;
        int values = 0;
        int refusals = 0;
        do
        {
            (int taken, int refused) = await RunAsync(unchecked(seed + (rounds * 7919)));
            values += taken;
            refusals += refused;
            rounds++;
        }
        while (Stopwatch.GetElapsedTime(start) < length);

        // What came with replies that nobody asked for was closed, or will be with the reply that it came with.
        SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Strays() == descriptors;
            },
            TimeSpan.FromSeconds(10));
        Check.Equal(descriptors, Strays(), "descriptors that came with replies");
        output.WriteLine($"{rounds} connections, {values} replies taken, {refusals} refused");
    }

    /// <summary>Number of open descriptors of the kinds that the generator sends along.</summary>
    private static int Strays() => ProcessView.Descriptors(Environment.ProcessId).Values
        .Count(link => link == "/dev/null" || link.Contains("gpusvm-fuzz", StringComparison.Ordinal));

    private static async Task<(int Taken, int Refused)> RunAsync(int seed)
    {
        using LocalSocket listener = LocalSocket.Listen(out string address);
        using var engine = new MessageChannel(LocalSocket.Connect(address));
        using var app = new MessageChannel(listener.Accept(Patience)!);
        int released = 0;
        var requests = new RequestTable(app, () => { }, () => released++, _ => { });
        SvmThread fake = SvmThread.Start("fake engine", () => Answer(engine, new Random(seed)));
        int taken = 0;
        int refused = 0;
        for (int i = 0; i < RequestsEach; i++)
        {
            try
            {
                await AskAsync(requests, i).WaitAsync(Patience);
                taken++;
            }
            catch (Exception answer) when (answer is SvmException or ArgumentException)
            {
                refused++;
            }
            catch (TimeoutException)
            {
                throw new CheckFailedException($"connection seed {seed}: request {i} neither ends nor fails");
            }
        }

        engine.Socket.Shutdown();
        requests.Join();
        fake.Join();
        Check.That(released is 0 or 1 || requests.IsReleased, "released");
        return (taken, refused);
    }

    private static async Task AskAsync(RequestTable requests, int number)
    {
        switch (number % 4)
        {
            case 0:
                ReceivedMessage reserved = await requests.SendAsync(MessageKind.Reserve, new ReserveRequest { Bytes = Page.Size });
                using (SafeFileHandle? descriptor = reserved.Descriptor)
                {
                    _ = reserved.Body<ReservedReply>();
                    _ = reserved.DemandDescriptor();
                }

                break;

            case 1:
                LaunchResult result = (await requests.SendAsync(MessageKind.Launch, Launch())).Body<LaunchReply>().ToResult();
                Demand(result);
                break;

            case 2:
                _ = (await requests.SendAsync(MessageKind.Counters, new CountersRequest())).Body<CountersReply>();
                break;

            default:
                _ = (await requests.SendAsync(MessageKind.Query, new QueryRequest { Address = 0 })).Body<PageStateReply>().ToResidency();
                break;
        }
    }

    private static LaunchRequest Launch() =>
        new() { Kernel = KernelReference.Of<PageArgs>(PageKernels.Store), Grid = 1, Block = 1, Args = [] };

    /// <summary>A result that a library hands out is one that its users can read.</summary>
    private static void Demand(LaunchResult result)
    {
        Check.That(Enum.IsDefined(result.Status), $"status {result.Status}");
        try
        {
            result.ThrowIfFailed();
            Check.That(result.Succeeded, "a launch that has not failed has succeeded");
        }
        catch (Exception failure) when (failure is GpuAccessException or InvalidOperationException or OperationCanceledException)
        {
            Check.That(!result.Succeeded, "a launch that has failed has not succeeded");
        }
    }

    /// <summary>Answers each request with replies of some kind, or with noise; the last is one that was asked for.</summary>
    private static void Answer(MessageChannel engine, Random random)
    {
        var messages = new MessageGenerator(random, Kinds);
        try
        {
            while (engine.TryReceive(out ReceivedMessage? request))
            {
                for (int i = random.Next(1, 4); i > 0; i--)
                {
                    bool isLast = i == 1;
                    byte[] reply = !isLast && random.Next(40) == 0 ? messages.Noise(request.Id) : Reply(messages, random, request, isLast);
                    using SafeFileHandle? stray = messages.Descriptor();
                    engine.Socket.Send(reply, stray);
                }
            }
        }
        catch (SvmException)
        {
            // The app understands no more, and has hung up; or it has asked for all.
        }

        engine.Socket.Shutdown();
    }

    /// <summary>Of the kind that is asked for, mostly.</summary>
    private static byte[] Reply(MessageGenerator messages, Random random, ReceivedMessage request, bool isLast)
    {
        uint id = isLast || random.Next(2) == 0 ? request.Id : (uint)random.Next();
        MessageKind kind = request.Kind switch
        {
            MessageKind.Reserve => MessageKind.Reserved,
            MessageKind.Launch => MessageKind.Launched,
            MessageKind.Counters => MessageKind.CountersReply,
            _ => MessageKind.PageState,
        };
        return random.Next(4) == 0 && !isLast
            ? messages.Readable(id, out _)
            : MessageGenerator.Framed(
                kind, id, System.Text.Encoding.UTF8.GetBytes(messages.Bodies.Of(MessageBodies.TypeOf(kind))!.ToJsonString()));
    }
}
