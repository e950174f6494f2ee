using System.Text;
using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Fuzz;

/// <summary>Messages that no library would send: those that can be read, and those that cannot. One seed, one sequence.</summary>
internal sealed class MessageGenerator(Random random, MessageKind[] kinds)
{
    /// <summary>Values of the bodies.</summary>
    public BodyGenerator Bodies { get; } = new(random);

    /// <summary>A message of one of the kinds that the receiver can read.</summary>
    public byte[] Readable(uint id, out MessageKind kind)
    {
        kind = kinds[random.Next(kinds.Length)];
        return Framed(kind, id, Encoding.UTF8.GetBytes(Bodies.Of(MessageBodies.TypeOf(kind))!.ToJsonString()));
    }

    /// <summary>Most likely not a message at all.</summary>
    public byte[] Noise(uint id)
    {
        byte[] message = Readable(id, out MessageKind kind);
        switch (random.Next(7))
        {
            case 0: // some bytes of the body
                return Scratched(message, MessageHeader.Size, message.Length);
            case 1: // some bytes of the header
                return Scratched(message, 0, MessageHeader.Size);
            case 2: // cut
                return message[..random.Next(1, message.Length)];
            case 3: // longer than it says
                return [.. message, .. new byte[random.Next(1, 50)]];
            case 4: // a kind that is not for the receiver, or no kind
                return Framed((MessageKind)random.Next(40), id, message[MessageHeader.Size..]);
            case 5: // another body
                return Framed(kind, id, Encoding.UTF8.GetBytes(Wrong[random.Next(Wrong.Length)]));
            default:
                byte[] noise = new byte[random.Next(1, random.Next(1, 4000))];
                random.NextBytes(noise);
                return noise;
        }
    }

    /// <summary>Now and then a descriptor that belongs to no message.</summary>
    public SafeFileHandle? Descriptor() => random.Next(5) switch
    {
        0 => File.OpenHandle("/dev/null"),
        1 => MemoryFile.Create("gpusvm-fuzz", Page.Size),
        _ => null,
    };

    /// <summary>A message with a right header.</summary>
    public static byte[] Framed(MessageKind kind, uint id, byte[] body)
    {
        byte[] message = new byte[MessageHeader.Size + body.Length];
        new MessageHeader(kind, id, (uint)body.Length).Write(message);
        body.CopyTo(message, MessageHeader.Size);
        return message;
    }

    private static readonly string[] Wrong =
    [
        "", "null", "[]", "{}", "{", "1e400", "{\"Bytes\":1e400}", "{\"Bytes\":-1}", "{\"Bytes\":18446744073709551616}", "{\"Buffer\":0.5}",
        "{\"Address\":\"x\"}", "{\"Address\":null,\"Bytes\":{}}", $"{{\"a\":{new string('[', 2000)}", new string('{', 60_000), "\u0000", "\"\\ud800\"",
    ];

    private byte[] Scratched(byte[] message, int start, int end)
    {
        for (int i = random.Next(1, 5); i > 0 && start < end; i--)
        {
            message[random.Next(start, end)] = (byte)random.Next(256);
        }

        return message;
    }
}
