using System.Reflection;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests.Protocol;

/// <summary>What is sent arrives; what is no message is refused with what was found and what was expected.</summary>
public sealed class MessageChannelTests
{
    private static readonly byte[] Good = Message("{\"Address\":5}", MessageKind.Query);

    [Fact]
    public void A_message_of_each_kind_arrives_as_it_was_sent()
    {
        using var pair = new SocketPair();
        var left = new MessageChannel(pair.Left);
        var right = new MessageChannel(pair.Right);
        IReadOnlyList<(MessageKind Kind, object Body)> sent = Samples.SendAll(left);

        Assert.Equal(Enum.GetValues<MessageKind>(), sent.Select(s => s.Kind));
        for (int i = 0; i < sent.Count; i++)
        {
            Assert.True(right.TryReceive(out ReceivedMessage? message));
            Assert.Equal((sent[i].Kind, (uint)i), (message!.Kind, message.Id));
            Assert.Equivalent(sent[i].Body, BodyOf(message, sent[i].Body.GetType()), strict: true);
        }

        pair.Left.Dispose();
        Assert.False(right.TryReceive(out _));
    }

    [Fact]
    public void A_descriptor_comes_with_its_message_and_its_absence_is_named()
    {
        using var pair = new SocketPair();
        using SafeFileHandle file = MemoryFile.Create("gpusvm-test", 5 * Page.Size);
        var channel = new MessageChannel(pair.Left);
        channel.Send(MessageKind.Reserved, 1, new ReservedReply { Buffer = 3 }, file);
        channel.Send(MessageKind.Reserved, 2, new ReservedReply { Buffer = 4 });

        var other = new MessageChannel(pair.Right);
        Assert.True(other.TryReceive(out ReceivedMessage? with));
        using (SafeFileHandle received = with!.DemandDescriptor())
        {
            Assert.Equal(5 * 4096, RandomAccess.GetLength(received));
        }

        Assert.True(other.TryReceive(out ReceivedMessage? without));
        Assert.Equal(
            "A message Reserved carries a descriptor, but none came. (EPROTO)",
            Assert.Throws<ProtocolException>(without!.DemandDescriptor).Message);
    }

    [Fact]
    public void The_bytes_are_those_of_the_layout()
    {
        using var pair = new SocketPair();
        new MessageChannel(pair.Left).Send(MessageKind.Drop, 0x0102_0304, new DropRequest { Buffer = 5 });
        byte[] buffer = new byte[100];
        int length = pair.Right.Receive(buffer, out _);

        byte[] expected = [.. "GSVM"u8, 1, 0, 6, 0, 4, 3, 2, 1, 12, 0, 0, 0, .. "{\"Buffer\":5}"u8];
        Assert.Equal(expected, buffer[..length]);
    }

    [Fact]
    public void A_wrong_header_is_refused_with_what_came()
    {
        AssertRefused("A message has at least 16 bytes, but one of 15 came.", Good[..15]);
        AssertRefused("A message begins with 0x4d565347, but 0x4d565358 came.", With(0, (byte)'X'));
        AssertRefused("Version 1 of the protocol was expected, but 2 came: app and engine are of different builds.", With(4, 2));
        AssertRefused("No message has the kind 0, which came.", With(6, 0));
        AssertRefused("No message has the kind 200, which came.", With(6, 200));
        AssertRefused("The body of a message Query has 13 bytes, but its header says 12.", With(12, 12));
        AssertRefused("The body of a message Query has 12 bytes, but its header says 13.", Good[..^1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"Address\":-1}")]
    [InlineData("{\"Address\":18446744073709551616}")]
    [InlineData("{\"Address\":\"5\"}")]
    [InlineData("{\"Address\":null}")]
    [InlineData("{\"Address\":5,\"Other\":6}")]
    [InlineData("{\"Address\":5,\"Address\":6}")]
    [InlineData("{\"address\":5}")]
    [InlineData("{\"Address\":5}}")]
    public void A_wrong_body_is_refused(string json)
    {
        ReceivedMessage message = ReceivedMessage.Of(Message(json, MessageKind.Query), null);
        ProtocolException refused = Assert.Throws<ProtocolException>(message.Body<QueryRequest>);
        Assert.StartsWith("The body of a message Query ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(5UL, ReceivedMessage.Of(Good, null).Body<QueryRequest>().Address);
    }

    [Fact]
    public void Null_where_a_text_must_be_is_refused()
    {
        ReceivedMessage message = ReceivedMessage.Of(Message("{\"Error\":12,\"Message\":null}", MessageKind.Error), null);
        Assert.Throws<ProtocolException>(message.Body<ErrorReply>);
    }

    [Fact]
    public void A_body_of_another_kind_is_refused_on_both_sides()
    {
        ProtocolException refused = Assert.Throws<ProtocolException>(ReceivedMessage.Of(Good, null).Body<DoneReply>);
        Assert.Equal("A message with a DoneReply was expected, but Query came. (EPROTO)", refused.Message);

        using var pair = new SocketPair();
        Assert.Throws<ArgumentException>(() => new MessageChannel(pair.Left).Send(MessageKind.Done, 1, new CloseRequest()));
    }

    [Fact]
    public void A_message_that_is_too_long_is_not_sent()
    {
        using var pair = new SocketPair();
        var launch = new LaunchRequest { Kernel = Samples.Kernel, Grid = 1, Block = 1, Args = new byte[50_000] };
        SvmException refused = Assert.Throws<SvmException>(() => new MessageChannel(pair.Left).Send(MessageKind.Launch, 1, launch));
        Assert.Equal(Errno.EMSGSIZE, refused.Error);
    }

    [Fact]
    public void The_longest_exception_fits_a_message()
    {
        using var pair = new SocketPair();
        string longest = new('\u0001', 100_000);
        var thrown = new KernelException(longest, longest, longest);
        var result = new LaunchResult(LaunchStatus.KernelThrew, null, thrown, TimeSpan.FromTicks(3));
        new MessageChannel(pair.Left).Send(MessageKind.Launched, 1, LaunchReply.Of(result));

        Assert.True(new MessageChannel(pair.Right).TryReceive(out ReceivedMessage? message));
        LaunchResult received = message!.Body<LaunchReply>().ToResult();
        Assert.Equal((LaunchStatus.KernelThrew, TimeSpan.FromTicks(3), null), (received.Status, received.Elapsed, received.Fault));
        Assert.StartsWith(longest[..1000], Assert.IsType<KernelException>(received.Exception).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_and_an_exception_arrive_as_the_app_reads_them()
    {
        LaunchResult result = Samples.Launched.ToResult();
        Assert.Equal(
            new GpuFaultReport(0xFFFF_8000_0000_0000, FaultAccess.Atomic, "nothing is mapped", Errno.EFAULT), result.Fault);
        KernelException thrown = Assert.IsType<KernelException>(result.Exception);
        Assert.Equal(("T", "line\nline", "   at a\n   at b"), (thrown.RemoteType, thrown.Message, thrown.RemoteStackTrace));
        Assert.Equivalent(Samples.Launched, LaunchReply.Of(result), strict: true);
    }

    [Fact]
    public void Launches_of_any_arguments_arrive_as_they_were_sent()
    {
        using var pair = new SocketPair();
        var left = new MessageChannel(pair.Left);
        var right = new MessageChannel(pair.Right);
        Prop.ForAll<byte[], int, string>((args, grid, name) =>
        {
            // JSON holds no half of a surrogate pair; names of methods have none.
            string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name ?? string.Empty));
            KernelReference kernel = Samples.Kernel with { Name = text };
            left.Send(MessageKind.Launch, 9, new LaunchRequest { Kernel = kernel, Grid = grid, Block = 2, Args = args });
            return right.TryReceive(out ReceivedMessage? message) && message.Body<LaunchRequest>() is var got
                && got.Kernel == kernel && got.Grid == grid && got.Args.AsSpan().SequenceEqual(args);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Whatever_comes_is_a_message_or_refused()
    {
        Gen<byte[]> noise = Gen.ArrayOf(Gen.Choose(0, 255).Select(b => (byte)b));
        Gen<byte[]> almost =
            from kind in Gen.Choose(0, 20)
            from at in Gen.Choose(0, Good.Length - 1)
            from value in Gen.Choose(0, 255)
            from end in Gen.Choose(0, Good.Length)
            select Changed(kind, at, (byte)value, end);
        Gen<byte[]> body = from text in noise from kind in Gen.Choose(1, 17) select Framed(text, (MessageKind)kind);
        Dictionary<MessageKind, Type> types = BodyTypes();
        int messages = 0;
        Prop.ForAll(Gen.OneOf(noise, almost, body).ToArbitrary(), bytes =>
        {
            try
            {
                ReceivedMessage message = ReceivedMessage.Of(bytes, null);
                messages++;
                _ = BodyOf(message, types[message.Kind]);
            }
            catch (ProtocolException refused)
            {
                Assert.EndsWith("(EPROTO)", refused.Message, StringComparison.Ordinal);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
        Assert.True(messages > 300, $"{messages} of 3000 passed the header's checks");
    }

    private static byte[] Message(string json, MessageKind kind) => Framed(Encoding.UTF8.GetBytes(json), kind);

    private static byte[] Framed(byte[] body, MessageKind kind)
    {
        byte[] message = new byte[MessageHeader.Size + body.Length];
        new MessageHeader(kind, 1, (uint)body.Length).Write(message);
        body.CopyTo(message, MessageHeader.Size);
        return message;
    }

    private static byte[] With(int at, byte value)
    {
        byte[] changed = [.. Good];
        changed[at] = value;
        return changed;
    }

    private static byte[] Changed(int kind, int at, byte value, int end)
    {
        byte[] changed = With(6, (byte)kind);
        changed[at] = value;
        return end % 4 == 0 ? changed[..end] : changed;
    }

    private static Dictionary<MessageKind, Type> BodyTypes()
    {
        using var pair = new SocketPair();
        return Samples.SendAll(new MessageChannel(pair.Left)).ToDictionary(s => s.Kind, s => s.Body.GetType());
    }

    private static object BodyOf(ReceivedMessage message, Type type) =>
        typeof(ReceivedMessage).GetMethod(nameof(ReceivedMessage.Body), BindingFlags.NonPublic | BindingFlags.Instance)!
            .MakeGenericMethod(type).Invoke(message, BindingFlags.DoNotWrapExceptions, null, null, null)!;

    private static void AssertRefused(string expected, byte[] message)
    {
        using var pair = new SocketPair();
        using SafeFileHandle file = MemoryFile.Create("gpusvm-refused", Page.Size);
        pair.Left.Send(message, file);
        ProtocolException refused = Assert.Throws<ProtocolException>(() => new MessageChannel(pair.Right).TryReceive(out _));
        Assert.Equal($"{expected} (EPROTO)", refused.Message);
    }
}
