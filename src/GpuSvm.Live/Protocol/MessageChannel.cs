using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>Messages over a socket: header, JSON body, at most one descriptor. Layout: docs of <see cref="MessageHeader"/>.</summary>
/// <remarks>Any thread may send; one thread at a time receives. Owns the socket.</remarks>
internal sealed class MessageChannel(LocalSocket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[LocalSocket.MaximumLength];

    /// <summary>The socket, to wait for messages and to end the connection.</summary>
    internal LocalSocket Socket { get; } = socket;

    /// <summary>Sends a message.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="id">Of a request: a new number. Of an answer: the request's.</param>
    /// <param name="body">The body that the kind has.</param>
    /// <param name="descriptor">A descriptor of which the receiver gets a duplicate.</param>
    /// <exception cref="SvmException">EMSGSIZE: longer than a message may be; EPIPE, ECONNRESET: the other end is closed.</exception>
    internal void Send<T>(MessageKind kind, uint id, T body, SafeFileHandle? descriptor = null)
    {
        byte[] json = MessageBodies.Write(kind, body);
        if (json.Length > LocalSocket.MaximumLength - MessageHeader.Size)
        {
            throw new SvmException(
                Errno.EMSGSIZE,
                $"The body of a message {kind} has {json.Length} bytes; {LocalSocket.MaximumLength - MessageHeader.Size} are allowed.");
        }

        byte[] message = new byte[MessageHeader.Size + json.Length];
        new MessageHeader(kind, id, (uint)json.Length).Write(message);
        json.CopyTo(message, MessageHeader.Size);
        Socket.Send(message, descriptor);
    }

    /// <summary>Waits for the next message.</summary>
    /// <returns>False at the end: the other side has closed, or the socket was shut down.</returns>
    /// <exception cref="ProtocolException">What came is no message; a descriptor that came with it is closed.</exception>
    internal bool TryReceive([NotNullWhen(true)] out ReceivedMessage? message)
    {
        int length = Socket.Receive(_buffer, out SafeFileHandle? descriptor);
        try
        {
            message = length == 0 ? null : ReceivedMessage.Of(_buffer.AsSpan(0, length), descriptor);
        }
        catch (ProtocolException)
        {
            descriptor?.Dispose();
            throw;
        }

        return message is not null;
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => Socket.Dispose();
}
