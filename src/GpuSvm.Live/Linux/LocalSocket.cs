using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A socket between processes of one machine that keeps messages whole and carries descriptors.</summary>
/// <remarks>
/// Any thread may send or receive; messages of several senders do not mix, and two receivers share the messages between them.
/// The address is a name without a file: it vanishes with its listener, and 128 random bits keep others from being there first.
/// </remarks>
internal sealed unsafe class LocalSocket : IDisposable
{
    /// <summary>The longest message in bytes.</summary>
    internal const int MaximumLength = 65536;

    private const int UnixFamily = 1;
    private const int SequencedPackets = 5;
    private const int PeerCredentials = 17;
    private const int ShutDownBoth = 2;
    private const int NoSignal = 0x4000;
    private const int CloseOnExecReceived = 0x4000_0000;
    private const int Truncated = 0x20;

    private LocalSocket(nint descriptor)
    {
        Descriptor = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>The descriptor, readable when a message or the end can be received; closed by <see cref="Dispose"/>.</summary>
    internal SafeFileHandle Descriptor { get; }

    /// <summary>Id of the process at the other end, as the kernel took it down when the connection was made.</summary>
    internal int PeerProcessId => PeerField(0);

    /// <summary>Its user.</summary>
    internal uint PeerUserId => unchecked((uint)PeerField(1));

    /// <summary>Demands that the process at the other end is of this process's user.</summary>
    /// <exception cref="SvmException">EPERM: it is somebody else's.</exception>
    internal void DemandOwnUser()
    {
        if (PeerUserId != Libc.EffectiveUser())
        {
            throw new SvmException(
                Errno.EPERM, $"Process {PeerProcessId} at the other end is of user {PeerUserId}, and this one of user {Libc.EffectiveUser()}.");
        }
    }

    /// <summary>Waits for connections at a new address.</summary>
    /// <param name="address">The address, to be given to <see cref="Connect"/>.</param>
    /// <exception cref="SvmException">The system refuses.</exception>
    internal static LocalSocket Listen(out string address)
    {
        address = $"gpusvm-{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
        LocalSocket socket = Open(Libc.NonBlocking);
        SocketAddress native = SocketAddress.Of(address);
        if (Libc.Bind(socket.Descriptor, &native, native.Length) < 0 || Libc.Listen(socket.Descriptor, backlog: 4) < 0)
        {
            throw socket.Failure("Nobody can be waited for");
        }

        return socket;
    }

    /// <summary>Connects to the process that listens at an address.</summary>
    /// <exception cref="SvmException">Nobody does (ECONNREFUSED), or the system refuses.</exception>
    internal static LocalSocket Connect(string address)
    {
        SocketAddress native = SocketAddress.Of(address);
        LocalSocket socket = Open(flags: 0);
        return Libc.Connect(socket.Descriptor, &native, native.Length) < 0
            ? throw socket.Failure($"'{address}' could not be reached")
            : socket;
    }

    /// <summary>Takes the next connection.</summary>
    /// <param name="timeout">How long to wait for it.</param>
    /// <returns>Null when the time has passed.</returns>
    internal LocalSocket? Accept(TimeSpan timeout)
    {
        Deadline deadline = Clock.Monotonic.After(timeout);
        Span<bool> readable = stackalloc bool[1];
        while (PollSet.Wait([Descriptor], deadline.Remaining, readable) > 0)
        {
            int accepted = Libc.Accept(Descriptor, null, null, Libc.CloseOnExec);
            if (accepted >= 0)
            {
                return new LocalSocket(accepted);
            }

            // Whoever knocked may have gone already; the deadline bounds the retries.
            Errno error = Libc.LastError;
            if (error is not (Errno.EAGAIN or Errno.EINTR) || deadline.HasPassed)
            {
                throw new SvmException(error, "A connection could not be accepted.");
            }
        }

        return null;
    }

    /// <summary>Sends one message.</summary>
    /// <param name="message">1 to <see cref="MaximumLength"/> bytes.</param>
    /// <param name="descriptor">A descriptor of which the receiver gets a duplicate, or null.</param>
    /// <exception cref="SvmException">The other end is closed (EPIPE, ECONNRESET), or the system refuses.</exception>
    internal void Send(ReadOnlySpan<byte> message, SafeFileHandle? descriptor)
    {
        ArgumentOutOfRangeException.ThrowIfZero(message.Length, nameof(message));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, MaximumLength, nameof(message));
        bool added = false;
        try
        {
            descriptor?.DangerousAddRef(ref added);
            DescriptorMessage control = default;
            if (descriptor is not null)
            {
                control.Length = DescriptorMessage.HeaderLength + sizeof(int);
                control.Level = DescriptorMessage.SocketLevel;
                control.Type = DescriptorMessage.Rights;
                control.Descriptor = (int)descriptor.DangerousGetHandle();
            }

            SendWhole(message, &control, descriptor is null ? 0U : DescriptorMessage.Space);
        }
        finally
        {
            if (added)
            {
                descriptor!.DangerousRelease();
            }
        }
    }

    /// <summary>Waits for the next message.</summary>
    /// <param name="buffer">Where it goes.</param>
    /// <param name="descriptor">The descriptor that came with it, or null; if more came, the others are closed.</param>
    /// <returns>Its length; 0 when the other end has closed or <see cref="Shutdown"/> was called.</returns>
    /// <exception cref="ProtocolException">The message is longer than the buffer.</exception>
    /// <exception cref="SvmException">The system refuses.</exception>
    internal int Receive(Span<byte> buffer, out SafeFileHandle? descriptor)
    {
        const int ControlBytes = 256;
        byte* control = stackalloc byte[ControlBytes];
        descriptor = null;
        fixed (byte* start = buffer)
        {
            var piece = new MessagePiece { Start = start, Length = (nuint)buffer.Length };
            var native = new SocketMessage { Pieces = &piece, PieceCount = 1, Control = control };
            nint length;
            do
            {
                SchedulePoint.Reach(SchedulePointKind.Wait);
                native.ControlLength = ControlBytes;

                // SAFETY: all that native points to lives until the end of the block; the kernel keeps to the lengths.
                length = Libc.ReceiveMessage(Descriptor, &native, CloseOnExecReceived);
            }
            while (length < 0 && Libc.LastError == Errno.EINTR);

            Errno error = length < 0 ? Libc.LastError : Errno.None;
            if (error is not (Errno.None or Errno.ECONNRESET))
            {
                throw new SvmException(error, "No message could be received.");
            }

            descriptor = error == Errno.None ? FirstDescriptor(control, native.ControlLength) : null;
            if ((native.Flags & Truncated) != 0)
            {
                descriptor?.Dispose();
                descriptor = null;
                throw new ProtocolException($"A message has more than the {buffer.Length} bytes that are allowed.");
            }

            return (int)Math.Max(0, length);
        }
    }

    /// <summary>Ends the connection in both directions: whoever waits in <see cref="Receive"/>, here or there, finds the end.</summary>
    internal void Shutdown()
    {
        // The other end may have closed before, which comes to the same.
        _ = Libc.ShutDown(Descriptor, ShutDownBoth);
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => Descriptor.Dispose();

    private static LocalSocket Open(int flags)
    {
        var socket = new LocalSocket(Libc.Socket(UnixFamily, SequencedPackets | Libc.CloseOnExec | flags, 0));
        return socket.Descriptor.IsInvalid ? throw socket.Failure("A socket could not be made") : socket;
    }

    // SAFETY: control holds length bytes of control messages, each as long as it says, as the kernel wrote them.
    private static SafeFileHandle? FirstDescriptor(byte* control, nuint length)
    {
        SafeFileHandle? first = null;
        nuint next;
        for (nuint at = 0; at + DescriptorMessage.HeaderLength <= length; at = next)
        {
            var message = (DescriptorMessage*)(control + at);
            next = at + ((message->Length + 7) & ~(nuint)7);
            bool carries = message->Level == DescriptorMessage.SocketLevel && message->Type == DescriptorMessage.Rights;
            nuint count = carries ? (message->Length - DescriptorMessage.HeaderLength) / sizeof(int) : 0;
            for (nuint i = 0; i < count; i++)
            {
                var received = new SafeFileHandle((&message->Descriptor)[i], ownsHandle: true);
                if (first is null)
                {
                    first = received;
                }
                else
                {
                    received.Dispose();
                }
            }
        }

        return first;
    }

    private void SendWhole(ReadOnlySpan<byte> message, DescriptorMessage* control, uint controlLength)
    {
        fixed (byte* start = message)
        {
            var piece = new MessagePiece { Start = start, Length = (nuint)message.Length };
            var native = new SocketMessage
            {
                Pieces = &piece,
                PieceCount = 1,
                Control = controlLength == 0 ? null : control,
                ControlLength = controlLength,
            };
            nint sent;
            do
            {
                // SAFETY: all that native points to lives until the end of the block; the kernel only reads it.
                sent = Libc.SendMessage(Descriptor, &native, NoSignal);
            }
            while (sent < 0 && Libc.LastError == Errno.EINTR);

            if (sent < 0)
            {
                throw new SvmException(Libc.LastError, $"A message of {message.Length} bytes could not be sent.");
            }
        }
    }

    private int PeerField(int index)
    {
        int* credentials = stackalloc int[3];
        uint length = 3 * sizeof(int);

        // SAFETY: the kernel writes no more than the 12 bytes of process, user and group.
        return Libc.SocketOption(Descriptor, DescriptorMessage.SocketLevel, PeerCredentials, credentials, &length) >= 0
            ? credentials[index]
            : throw new SvmException(Libc.LastError, "The other end of a socket is not known.");
    }

    private SvmException Failure(string what)
    {
        Errno error = Libc.LastError;
        Dispose();
        return new SvmException(error, $"{what}.");
    }
}
