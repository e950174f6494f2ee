using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Live.Tests.Linux;

/// <summary>Sizes, offsets and numbers are those of the kernel's headers (x86-64 and arm64 agree).</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Structures_have_the_sizes_of_the_headers()
    {
        Assert.Equal(32, Unsafe.SizeOf<UffdMessage>());
        Assert.Equal(24, Unsafe.SizeOf<UffdApi>());
        Assert.Equal(32, Unsafe.SizeOf<UffdRange>());
        Assert.Equal(8, Unsafe.SizeOf<PollEntry>());
        Assert.Equal(56, Unsafe.SizeOf<SocketMessage>());
        Assert.Equal(16, Unsafe.SizeOf<MessagePiece>());
        Assert.Equal(24, Unsafe.SizeOf<DescriptorMessage>());
    }

    [Fact]
    public void Fields_lie_where_the_headers_say()
    {
        AssertOffsets<UffdMessage>(
            ("Event", 0), ("Flags", 8), ("Address", 16), ("ThreadId", 24), ("Start", 8), ("End", 16), ("From", 8), ("To", 16),
            ("Length", 24));
        AssertOffsets<UffdApi>(("Version", 0), ("Features", 8), ("Calls", 16));
        AssertOffsets<UffdRange>(("Start", 0), ("Length", 8), ("Mode", 16), ("Result", 24));
        AssertOffsets<PollEntry>(("Descriptor", 0), ("Events", 4), ("Found", 6));
        AssertOffsets<SocketMessage>(
            ("Name", 0), ("NameLength", 8), ("Pieces", 16), ("PieceCount", 24), ("Control", 32), ("ControlLength", 40), ("Flags", 48));
        AssertOffsets<DescriptorMessage>(("Length", 0), ("Level", 8), ("Type", 12), ("Descriptor", 16));
        AssertOffsets<SocketAddress>(("_family", 0), ("_name", 2));
    }

    [Fact]
    public void Calls_have_the_numbers_of_the_headers()
    {
        Assert.Equal(0xAA00U, UffdCalls.New);
        Assert.Equal(0xC018AA3FU, UffdCalls.Api);
        Assert.Equal(0xC020AA00U, UffdCalls.Register);
        Assert.Equal(0x8010AA02U, UffdCalls.Wake);
        Assert.Equal(0xC018AA06U, UffdCalls.WriteProtect);
        Assert.Equal(0xC020AA07U, UffdCalls.Continue);
        Assert.Equal(0xC020AA08U, UffdCalls.Poison);
    }

    [Fact]
    public void Events_and_flags_have_the_numbers_of_the_headers()
    {
        Assert.Equal([0x12, 0x13, 0x14, 0x15, 0x16], Enum.GetValues<UffdEvent>().Select(e => (int)e));
        Assert.True(new UffdMessage { Flags = 1 } is { IsWrite: true, IsWriteProtect: false, IsMinor: false });
        Assert.True(new UffdMessage { Flags = 2 } is { IsWrite: false, IsWriteProtect: true, IsMinor: false });
        Assert.True(new UffdMessage { Flags = 4 } is { IsWrite: false, IsWriteProtect: false, IsMinor: true });
    }

    [Fact]
    public void A_message_reads_as_one_line()
    {
        var fault = new UffdMessage { Event = UffdEvent.PageFault, Flags = 3, Address = 0x1000, ThreadId = 7 };
        Assert.Equal("store of 0x1000, protected by thread 7", fault.ToString());
        fault.Flags = 4;
        Assert.Equal("load of 0x1000, minor by thread 7", fault.ToString());
        fault.Flags = 0;
        Assert.Equal("load of 0x1000, missing by thread 7", fault.ToString());
        Assert.Equal("Unmap of [0x1000, 0x3000)", new UffdMessage { Event = UffdEvent.Unmap, Start = 0x1000, End = 0x3000 }.ToString());
        Assert.Equal(
            "remap of 4096 bytes from 0x1000 to 0x3000",
            new UffdMessage { Event = UffdEvent.Remap, From = 0x1000, To = 0x3000, Length = 4096 }.ToString());
        Assert.Equal("fork", new UffdMessage { Event = UffdEvent.Fork }.ToString());
        Assert.Equal("event 0x17", new UffdMessage { Event = (UffdEvent)0x17 }.ToString());
    }

    [Fact]
    public void A_socket_address_has_its_exact_length()
    {
        Assert.Equal(2U + 1 + 5, SocketAddress.Of("hello").Length);
        Assert.Equal(110U, SocketAddress.Of(new string('x', 107)).Length);
        Assert.Throws<ArgumentException>(() => SocketAddress.Of(new string('x', 108)));
        Assert.Throws<ArgumentException>(() => SocketAddress.Of(string.Empty));
    }

    private static void AssertOffsets<T>(params (string Field, int Offset)[] expected)
        where T : struct
    {
        foreach ((string field, int offset) in expected)
        {
            Assert.Equal((field, offset), (field, (int)Marshal.OffsetOf<T>(field)));
        }
    }
}
