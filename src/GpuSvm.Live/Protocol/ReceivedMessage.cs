using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A message as it came: its kind is known, its body is not looked at yet.</summary>
internal sealed class ReceivedMessage
{
    private readonly byte[] _json;

    private ReceivedMessage(MessageHeader header, byte[] json, SafeFileHandle? descriptor)
    {
        Kind = header.Kind;
        Id = header.Id;
        _json = json;
        Descriptor = descriptor;
    }

    /// <summary>What the message is.</summary>
    internal MessageKind Kind { get; }

    /// <summary>The sender's number; the answer repeats it.</summary>
    internal uint Id { get; }

    /// <summary>The descriptor that came along, or null; it belongs to the receiver.</summary>
    internal SafeFileHandle? Descriptor { get; }

    /// <summary>The message in <paramref name="bytes"/>.</summary>
    /// <exception cref="ProtocolException">Its header is wrong.</exception>
    internal static ReceivedMessage Of(ReadOnlySpan<byte> bytes, SafeFileHandle? descriptor) =>
        new(MessageHeader.Read(bytes), bytes[MessageHeader.Size..].ToArray(), descriptor);

    /// <summary>The body.</summary>
    /// <exception cref="ProtocolException">The message is of another kind, or its JSON is wrong.</exception>
    internal T Body<T>() => MessageBodies.Read<T>(Kind, _json);

    /// <summary>The descriptor that must come with a message of this kind.</summary>
    /// <exception cref="ProtocolException">None came.</exception>
    internal SafeFileHandle DemandDescriptor() =>
        Descriptor ?? throw new ProtocolException($"A message {Kind} carries a descriptor, but none came.");
}
