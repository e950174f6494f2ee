using System.Security.Cryptography;
using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests.Linux;

/// <summary>Messages stay whole, descriptors pass, ends are seen.</summary>
public sealed class LocalSocketTests
{
    [Fact]
    public void Messages_stay_whole_up_to_the_longest()
    {
        using var pair = new SocketPair();
        byte[] longest = RandomNumberGenerator.GetBytes(LocalSocket.MaximumLength);
        pair.Left.Send([1, 2, 3], null);
        pair.Left.Send(longest, null);

        byte[] buffer = new byte[LocalSocket.MaximumLength];
        Assert.Equal(3, pair.Right.Receive(buffer, out SafeFileHandle? descriptor));
        Assert.Equal([1, 2, 3], buffer[..3]);
        Assert.Null(descriptor);
        Assert.Equal(longest.Length, pair.Right.Receive(buffer, out _));
        Assert.Equal(longest, buffer);
    }

    [Fact]
    public void A_descriptor_arrives_as_a_duplicate_that_is_not_inherited()
    {
        using var pair = new SocketPair();
        using (SafeFileHandle file = MemoryFile.Create("gpusvm-test", 3 * Page.Size))
        {
            RandomAccess.Write(file, "hello"u8, 4096);
            pair.Left.Send([7], file);
        }

        Assert.Equal(1, pair.Right.Receive(new byte[16], out SafeFileHandle? received));
        using (received)
        {
            byte[] bytes = new byte[5];
            Assert.Equal(5, RandomAccess.Read(received!, bytes, 4096));
            Assert.Equal("hello"u8, bytes);
            const int GetDescriptorFlags = 1;
            Assert.Equal(1, Libc.Control(received!, GetDescriptorFlags, 0));
        }
    }

    [Fact]
    public void Of_several_descriptors_the_first_is_kept_and_the_others_are_closed()
    {
        using var pair = new SocketPair();
        using SafeFileHandle first = MemoryFile.Create("gpusvm-first", Page.Size);
        using SafeFileHandle second = MemoryFile.Create("gpusvm-closed", Page.Size);
        SendTwo(pair.Left, first, second);

        Assert.Equal(1, pair.Right.Receive(new byte[16], out SafeFileHandle? received));
        using (received)
        {
            Assert.Contains("gpusvm-first", TargetOf(received!), StringComparison.Ordinal);
            Assert.Equal(1, Directory.GetFiles("/proc/self/fd").Count(f => Target(f).Contains("gpusvm-closed", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_message_longer_than_the_buffer_is_refused_and_its_descriptor_closed()
    {
        using var pair = new SocketPair();
        using SafeFileHandle file = MemoryFile.Create("gpusvm-long", Page.Size);
        pair.Left.Send(new byte[17], file);

        ProtocolException refused = Assert.Throws<ProtocolException>(() => pair.Right.Receive(new byte[16], out _));
        Assert.Equal("A message has more than the 16 bytes that are allowed. (EPROTO)", refused.Message);
        Assert.Equal(1, Directory.GetFiles("/proc/self/fd").Count(f => Target(f).Contains("gpusvm-long", StringComparison.Ordinal)));
    }

    [Fact]
    public void Empty_and_too_long_messages_cannot_be_sent()
    {
        using var pair = new SocketPair();
        Assert.Throws<ArgumentOutOfRangeException>(() => pair.Left.Send([], null));
        Assert.Throws<ArgumentOutOfRangeException>(() => pair.Left.Send(new byte[LocalSocket.MaximumLength + 1], null));
    }

    [Fact]
    public void The_peer_is_the_process_and_user_at_the_other_end()
    {
        using var pair = new SocketPair();
        Assert.Equal(Environment.ProcessId, pair.Left.PeerProcessId);
        Assert.Equal(Environment.ProcessId, pair.Right.PeerProcessId);
        Assert.Equal(pair.Left.PeerUserId, pair.Right.PeerUserId);
    }

    [Fact]
    public void The_end_is_seen_when_the_other_side_closes_even_with_messages_unread()
    {
        using var pair = new SocketPair();
        pair.Right.Send([1], null);
        pair.Right.Dispose();

        Assert.Equal(1, pair.Left.Receive(new byte[16], out _));
        Assert.Equal(0, pair.Left.Receive(new byte[16], out _));
        SvmException refused = Assert.Throws<SvmException>(() => pair.Left.Send([1], null));
        Assert.Equal(Errno.EPIPE, refused.Error);

        using var second = new SocketPair();
        second.Left.Send([1], null);
        second.Right.Dispose();
        Assert.Equal(0, second.Left.Receive(new byte[16], out _));
    }

    [Fact]
    public void Shutdown_wakes_who_waits_for_a_message()
    {
        using var pair = new SocketPair();
        int length = -1;
        SvmThread thread = SvmThread.Start("receive", () => length = pair.Left.Receive(new byte[16], out _));
        pair.Left.Shutdown();
        thread.Join();
        Assert.Equal(0, length);
    }

    [Fact]
    public void Who_listens_waits_only_as_long_as_asked_and_addresses_never_repeat()
    {
        using LocalSocket one = LocalSocket.Listen(out string first);
        using LocalSocket two = LocalSocket.Listen(out string second);
        Assert.NotEqual(first, second);
        Assert.Matches("^gpusvm-[0-9a-f]{32}$", first);
        Assert.Null(one.Accept(TimeSpan.FromMilliseconds(1)));
        Assert.Equal(Errno.ECONNREFUSED, Assert.Throws<SvmException>(() => LocalSocket.Connect("gpusvm-nobody")).Error);
    }

    private static string TargetOf(SafeFileHandle file) => Target($"/proc/self/fd/{file.DangerousGetHandle()}");

    private static string Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget ?? string.Empty;
        }
        catch (IOException)
        {
            return string.Empty; // a descriptor of another test, closed meanwhile
        }
    }

    private static unsafe void SendTwo(LocalSocket socket, SafeFileHandle first, SafeFileHandle second)
    {
        byte text = 1;
        var control = new DescriptorMessage
        {
            Length = DescriptorMessage.HeaderLength + (2 * sizeof(int)),
            Level = DescriptorMessage.SocketLevel,
            Type = DescriptorMessage.Rights,
        };
        (&control.Descriptor)[0] = (int)first.DangerousGetHandle();
        (&control.Descriptor)[1] = (int)second.DangerousGetHandle();
        var piece = new MessagePiece { Start = &text, Length = 1 };
        var message = new SocketMessage { Pieces = &piece, PieceCount = 1, Control = &control, ControlLength = DescriptorMessage.Space };
        Assert.Equal(1, Libc.SendMessage(socket.Descriptor, &message, 0));
    }
}
