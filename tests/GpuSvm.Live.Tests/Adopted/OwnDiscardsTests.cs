namespace GpuSvm.Live.Tests.Adopted;

/// <summary>Which discards are the engine's own.</summary>
public sealed class OwnDiscardsTests
{
    private readonly OwnDiscards _own = new();
    private readonly List<UffdMessage> _foreign = [];
    private readonly HashSet<VirtualAddress> _starts = [0x3000UL, 0x4000UL];

    [Fact]
    public void The_event_of_the_call_is_the_engines()
    {
        _own.Begin(new AddressRange(0x1000UL, 0x5000UL));
        Assert.True(_own.TryKeep(Removed(0x1000, 0x5000)));
        Assert.Equal((1, 0), (_own.End(_foreign, _starts.Contains), _foreign.Count));
    }

    [Fact]
    public void Events_that_tile_the_range_are_the_engines_and_what_is_over_the_processs_in_order()
    {
        _own.Begin(new AddressRange(0x1000UL, 0x5000UL));
        Assert.True(_own.TryKeep(Removed(0x4000, 0x5000)));
        Assert.True(_own.TryKeep(Removed(0x1000, 0x2000)));
        Assert.True(_own.TryKeep(Removed(0x1000, 0x3000)));
        Assert.True(_own.TryKeep(Removed(0x3000, 0x5000)));
        Assert.Equal(2, _own.End(_foreign, _starts.Contains));
        Assert.Equal([0x4000UL, 0x1000UL], _foreign.Select(message => message.Start));
    }

    [Fact]
    public void Events_around_a_hole_are_the_engines()
    {
        _own.Begin(new AddressRange(0x1000UL, 0x6000UL));
        Assert.True(_own.TryKeep(Removed(0x1000, 0x2000)));
        Assert.True(_own.TryKeep(Removed(0x5000, 0x6000)));
        Assert.True(_own.TryKeep(Removed(0x3000, 0x6000)));
        Assert.Equal(2, _own.End(_foreign, _starts.Contains));
        Assert.Equal([0x5000UL], _foreign.Select(message => message.Start));
    }

    [Fact]
    public void What_is_told_again_from_where_a_mapping_begins_by_now_is_the_engines_once()
    {
        _own.Begin(new AddressRange(0x1000UL, 0x6000UL));
        Assert.True(_own.TryKeep(Removed(0x4000, 0x6000)));
        Assert.True(_own.TryKeep(Removed(0x1000, 0x6000)));
        Assert.True(_own.TryKeep(Removed(0x2000, 0x6000)));
        Assert.True(_own.TryKeep(Removed(0x3000, 0x4000)));
        Assert.True(_own.TryKeep(Removed(0x3000, 0x6000)));
        Assert.Equal(2, _own.End(_foreign, _starts.Contains));
        Assert.Equal([(0x4000UL, 0x6000UL), (0x2000UL, 0x6000UL), (0x3000UL, 0x4000UL)], _foreign.Select(message => (message.Start, message.End)));
    }

    [Fact]
    public void One_of_two_that_are_alike_is_the_processs()
    {
        _own.Begin(new AddressRange(0x1000UL, 0x2000UL));
        Assert.True(_own.TryKeep(Removed(0x1000, 0x2000)));
        Assert.True(_own.TryKeep(Removed(0x1000, 0x2000)));
        Assert.True(_own.Touches(new AddressRange(0x1000UL, 0x2000UL)));
        Assert.Equal((1, 1), (_own.End(_foreign, _starts.Contains), _foreign.Count));
        Assert.False(_own.Touches(new AddressRange(0x1000UL, 0x2000UL)));
    }

    [Fact]
    public void What_reaches_beyond_the_range_or_comes_when_no_call_runs_is_not_kept()
    {
        Assert.False(_own.TryKeep(Removed(0x1000, 0x2000)));
        _own.Begin(new AddressRange(0x1000UL, 0x2000UL));
        Assert.False(_own.TryKeep(Removed(0x1000, 0x3000)));
        Assert.False(_own.TryKeep(new UffdMessage { Event = UffdEvent.Unmap, Start = 0x1000, End = 0x2000 }));
        Assert.Equal((0, 0), (_own.End(_foreign, _starts.Contains), _foreign.Count));
        Assert.False(_own.TryKeep(Removed(0x1000, 0x2000)));
    }

    private static UffdMessage Removed(ulong start, ulong end) => new() { Event = UffdEvent.Remove, Start = start, End = end };
}
