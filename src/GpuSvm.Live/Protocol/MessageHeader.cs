using System.Buffers.Binary;

namespace GpuSvm.Live;

/// <summary>The first 16 bytes of a message, little-endian: magic (4), version (2), kind (2), id (4), length of the body (4).</summary>
/// <param name="Kind">What the message is.</param>
/// <param name="Id">A number of the sender's choice, which the answer repeats.</param>
/// <param name="Length">Bytes of the body.</param>
internal readonly record struct MessageHeader(MessageKind Kind, uint Id, uint Length)
{
    /// <summary>Bytes of a header.</summary>
    internal const int Size = 16;

    /// <summary>The version of the protocol: app, engine and guard must have the same.</summary>
    internal const ushort Version = 1;

    /// <summary>The letters GSVM.</summary>
    internal const uint Magic = 0x4D56_5347;

    /// <summary>Reads and checks the header of a whole message.</summary>
    /// <exception cref="ProtocolException">Something is not as expected; the message says what was found.</exception>
    internal static MessageHeader Read(ReadOnlySpan<byte> message)
    {
        Demand(message.Length >= Size, $"A message has at least {Size} bytes, but one of {message.Length} came.");
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(message);
        Demand(magic == Magic, $"A message begins with 0x{Magic:x8}, but 0x{magic:x8} came.");
        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(message[4..]);
        Demand(
            version == Version,
            $"Version {Version} of the protocol was expected, but {version} came: app and engine are of different builds.");
        var header = new MessageHeader(
            (MessageKind)BinaryPrimitives.ReadUInt16LittleEndian(message[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(message[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(message[12..]));
        Demand(MessageBodies.Knows(header.Kind), $"No message has the kind {(ushort)header.Kind}, which came.");
        Demand(
            header.Length == (uint)(message.Length - Size),
            $"The body of a message {header.Kind} has {message.Length - Size} bytes, but its header says {header.Length}.");
        return header;
    }

    /// <summary>Writes the header to the first 16 bytes of a message.</summary>
    internal void Write(Span<byte> message)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], (ushort)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(message[8..], Id);
        BinaryPrimitives.WriteUInt32LittleEndian(message[12..], Length);
    }

    private static void Demand(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ProtocolException(otherwise);
        }
    }
}
