using System.Diagnostics;
using System.Globalization;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Fuzz;

/// <summary>Engines get messages of no library: each is answered or ends the engine with one line. <c>fuzz-engine SEED SECONDS</c></summary>
internal sealed class FuzzEngine : ILiveProgram
{
    private const int MessagesEach = 300;
    private static readonly MessageKind[] NoRequests = [MessageKind.Hello, MessageKind.Greet, MessageKind.Watch];

    private static readonly MessageKind[] Requests =
    [
        .. Enum.GetValues<MessageKind>().Where(kind => MessageBodies.TypeOf(kind).Name.EndsWith("Request", StringComparison.Ordinal)).Except(NoRequests),
        MessageKind.Lend,
    ];

    /// <inheritdoc/>
    public string Name => "fuzz-engine";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output)
    {
        int seed = int.Parse(args[0], CultureInfo.InvariantCulture);
        var length = TimeSpan.FromSeconds(double.Parse(args[1], CultureInfo.InvariantCulture));
        output.WriteLine($"seed {seed}, {string.Join(' ', Requests)}");
        output.Flush();
        byte[] canary = GC.AllocateArray<byte>(1 << 20, pinned: true);
        canary.AsSpan().Fill(0xA5);
        long start = Stopwatch.GetTimestamp();
        int engines = 0;
        int messages = 0;
        int ended = 0;
        do
        {
            // Each engine has a seed of its own, so that a failure can be had again without those before.
            var round = new Round(unchecked(seed + (engines * 7919)), output);
            round.Run();
            messages += round.Messages;
            ended += round.HasEnded ? 1 : 0;
            engines++;
        }
        while (Stopwatch.GetElapsedTime(start) < length);

        Check.Equal(-1, canary.AsSpan().IndexOfAnyExcept((byte)0xA5), "a byte of this process that was written");
        output.WriteLine($"{engines} engines, {messages} messages, {ended} engines ended by one");
        return Task.CompletedTask;
    }

    /// <summary>One engine.</summary>
    private sealed class Round(int seed, TextWriter output)
    {
        private readonly Random _random = new(seed);
        private readonly List<AddressRange> _mapped = [];
        private bool _mayEnd;
        private int _buffers;
        private string _last = "nothing";

        public int Messages { get; private set; }

        public bool HasEnded { get; private set; }

        public void Run()
        {
            using var engine = new FuzzedProgram("engine");
            Errno error = Userfaultfd.TryOpen(out Userfaultfd? userfaultfd, out string? missing);
            Check.Equal(Errno.None, error, missing ?? "userfaultfd");
            try
            {
                var messages = new MessageGenerator(_random, Requests);
                if (Greet(engine, messages, userfaultfd!))
                {
                    Talk(engine, messages);
                }

                DemandEnd(engine);
            }
            catch (CheckFailedException failed)
            {
                throw new CheckFailedException($"engine seed {seed}, after {Messages} messages: {failed.Message}");
            }
            finally
            {
                // First: who unmaps waits for the reader of the event.
                userfaultfd!.Dispose();
                _mapped.ForEach(range => AppMemory.Unmap(range.Start, range.Length));
            }
        }

        /// <summary>Says hello, most of the time in a way that the engine takes.</summary>
        private bool Greet(FuzzedProgram engine, MessageGenerator messages, Userfaultfd userfaultfd)
        {
            int manner = _random.Next(8);
            byte[] hello = manner switch
            {
                0 => messages.Noise(1),
                1 => MessageGenerator.Framed(
                    MessageKind.Hello, 1, System.Text.Encoding.UTF8.GetBytes(messages.Bodies.Of(typeof(HelloRequest))!.ToJsonString())),
                _ => MessageGenerator.Framed(MessageKind.Hello, 1, MessageBodies.Write(MessageKind.Hello, new HelloRequest { Settings = Settings() })),
            };
            using SafeFileHandle? stray = manner == 2 ? messages.Descriptor() : null;
            Note($"hello of manner {manner}: {Convert.ToHexString(hello)}");
            engine.TrySend(hello, manner == 2 ? stray : userfaultfd.Descriptor);
            bool isReady = engine.Receive(_last) is { Kind: MessageKind.Ready };
            Check.That(isReady || manner <= 2, "a right hello is answered");
            HasEnded = !isReady;
            return isReady;
        }

        private EngineSettings Settings() =>
            (EngineFixture.Moving(_random.Next(2) == 0 ? ExecutionMode.Parallel : ExecutionMode.Sequential) with
            {
                Seed = unchecked((ulong)seed),
                HeapLimit = ByteSize.MiB(64),
            }).ToSettings();

        private void Talk(FuzzedProgram engine, MessageGenerator messages)
        {
            int descriptors = engine.Descriptors;
            for (uint id = 2; id < MessagesEach; id++)
            {
                bool isNoise = id == MessagesEach - 1 || _random.Next(MessagesEach) == 0;
                MessageKind kind = default;
                byte[] message = isNoise ? messages.Noise(id) : messages.Readable(id, out kind);
                _mayEnd |= isNoise;
                Note($"{(isNoise ? "noise" : kind)} {Convert.ToHexString(message)}");
                using SafeFileHandle? stray = messages.Descriptor();
                if (!engine.TrySend(message, stray) || !TryHear(engine, messages, id, isNoise, kind))
                {
                    HasEnded = true;
                    return;
                }
            }

            // The descriptors of what runs on its own are few; those that came with a message are closed.
            engine.DemandDescriptors(descriptors + _buffers + 16);
        }

        /// <summary>Waits for the answer to a message; those to launches come when they come.</summary>
        private bool TryHear(FuzzedProgram engine, MessageGenerator messages, uint id, bool isNoise, MessageKind kind)
        {
            if (kind == MessageKind.Launch)
            {
                return true;
            }

            while (engine.Receive(_last) is { } reply)
            {
                using SafeFileHandle? descriptor = reply.Descriptor;
                if (reply.Kind == MessageKind.Reserved)
                {
                    MapIt(engine, messages, reply);
                }

                if (reply.Id == id || isNoise)
                {
                    return true;
                }
            }

            if (!_mayEnd)
            {
                throw new CheckFailedException(
                    $"a message that can be read ended the engine: {_last}\n{string.Join('\n', engine.End(_last).Lines)}");
            }

            return false;
        }

        /// <summary>Maps a buffer and says so, as a library does: so that there is something to touch.</summary>
        private void MapIt(FuzzedProgram engine, MessageGenerator messages, ReceivedMessage reply)
        {
            _buffers++;
            long id = reply.Body<ReservedReply>().Buffer;
            messages.Bodies.Know((ulong)id);
            if (AppMemory.Map(default, Page.Size, Protection.ReadWrite, reply.DemandDescriptor(), out VirtualAddress address) == Errno.None)
            {
                _mapped.Add(AddressRange.FromLength(address, Page.Size));
                messages.Bodies.Know(address.Value);
                engine.Channel.Send(MessageKind.Enter, 0, new EnterRequest { Buffer = id, Address = address.Value, Protection = Protection.ReadWrite });
            }
        }

        /// <summary>Whatever was said, the engine ends, and says at most one line of its end.</summary>
        private void DemandEnd(FuzzedProgram engine)
        {
            (int code, string[] lines) = engine.End(_last);
            Check.That(
                code is 0 or 1 && Array.TrueForAll(lines, line => line.StartsWith("gpusvm: ", StringComparison.Ordinal)) && lines.Length <= 1,
                $"exit code {code} and what was said after {_last}:\n{string.Join('\n', lines)}");
        }

        private void Note(string message)
        {
            Messages++;
            _last = message;
            if (Environment.GetEnvironmentVariable("GPUSVM_FUZZ_TRACE") == "1")
            {
                output.WriteLine(message);
                output.Flush();
            }
        }
    }
}
