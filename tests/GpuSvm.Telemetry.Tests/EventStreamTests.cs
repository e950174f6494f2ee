using GpuSvm.Core;

namespace GpuSvm.Telemetry.Tests;

public sealed class EventStreamTests
{
    [Fact]
    public void Events_come_out_in_their_order_while_the_ring_wraps()
    {
        var stream = new EventStream(8);
        ulong next = 0;
        for (int round = 0; round < 20; round++)
        {
            for (ulong i = 0; i < 5; i++)
            {
                stream.Write(Event(next + i));
            }

            Assert.Equal([next, next + 1, next + 2, next + 3, next + 4], Drain(stream).Select(happened => happened.Id));
            next += 5;
        }

        Assert.Equal((100L, 0L), (stream.Written, stream.Dropped));
    }

    [Fact]
    public void Events_that_were_lost_on_the_way_count_as_dropped()
    {
        var stream = new EventStream(2);
        stream.AddDropped(3);
        stream.AddDropped(0);

        Assert.Equal((0L, 3L), (stream.Written, stream.Dropped));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.AddDropped(-1));
    }

    [Fact]
    public void A_full_stream_drops_what_comes_and_counts_it()
    {
        var stream = new EventStream(4);
        for (ulong i = 0; i < 7; i++)
        {
            stream.Write(Event(i));
        }

        Assert.Equal((4L, 3L), (stream.Written, stream.Dropped));
        Assert.Equal([0UL, 1, 2, 3], Drain(stream).Select(happened => happened.Id));
        stream.Write(Event(9));
        Assert.Equal([9UL], Drain(stream).Select(happened => happened.Id));
        Assert.Equal((5L, 3L), (stream.Written, stream.Dropped));
    }

    [Fact]
    public void A_slot_is_free_as_soon_as_its_event_was_taken()
    {
        var stream = new EventStream(2);
        stream.Write(Event(1));
        stream.Write(Event(2));
        var one = new SvmEvent[1];

        Assert.Equal(1, stream.Drain(one));
        stream.Write(Event(3));
        stream.Write(Event(4));

        Assert.Equal([2UL, 3], Drain(stream).Select(happened => happened.Id));
        Assert.Equal(1L, stream.Dropped);
    }

    [Fact]
    public void An_event_keeps_all_that_it_tells()
    {
        var stream = new EventStream(2);
        var happened = new SvmEvent(EventKind.Migration, EventPhase.Begin, EventTrack.Worker(3))
        {
            Nanoseconds = 1,
            Id = 2,
            Link = 3,
            Channel = 4,
            Address = 5,
            Bytes = 6,
            Count = 7,
            Cause = EventCause.Eviction,
            Direction = EventDirection.ToSystem,
            Client = 8,
        };

        stream.Write(happened);

        Assert.Equal([happened], Drain(stream));
    }

    [Fact]
    public void An_event_without_a_time_gets_that_of_the_stream()
    {
        var clock = new ManualClock();
        var stream = new EventStream(2, clock);
        clock.Advance(TimeSpan.FromMicroseconds(7));

        stream.Write(Event(1));
        stream.Write(Event(2) with { Nanoseconds = 5 });

        Assert.Equal(7000, stream.NowNanoseconds);
        Assert.Equal([7000L, 5], Drain(stream).Select(happened => happened.Nanoseconds));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(1 << 25)]
    public void A_capacity_that_is_no_power_of_two_is_refused(int capacity) =>
        Assert.Equal("capacity", Assert.Throws<ArgumentOutOfRangeException>(() => new EventStream(capacity)).ParamName);

    [Fact]
    public void Writing_and_dropping_allocate_nothing()
    {
        var stream = new EventStream(64);
        stream.Write(Event(1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong i = 0; i < 1000; i++)
        {
            stream.Write(Event(i));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(937, stream.Dropped);
    }

    [Fact]
    public void Many_writers_lose_nothing_uncounted_and_each_keeps_its_order()
    {
        const int Writers = 4;
        const int Each = 20_000;
        var stream = new EventStream(256);
        int ended = 0;
        SvmThread[] threads =
        [
            .. Enumerable.Range(0, Writers).Select(writer => SvmThread.Start($"writer {writer}", () =>
            {
                for (ulong i = 1; i <= Each; i++)
                {
                    stream.Write(Event(i) with { Track = EventTrack.Sm(writer), Address = ~i, Count = writer });
                }

                SharedWord.Add(ref ended, 1);
            })),
        ];
        ulong[] last = new ulong[Writers];
        long seen = 0;
        for (bool isLast = false; !isLast;)
        {
            isLast = SharedWord.Read(ref ended) == Writers;
            foreach (SvmEvent happened in Drain(stream))
            {
                Assert.Equal((~happened.Id, (long)happened.Track.Index), (happened.Address, happened.Count)); // not torn
                Assert.True(last[happened.Track.Index] < happened.Id, $"{happened} came after {last[happened.Track.Index]}");
                last[happened.Track.Index] = happened.Id;
                seen++;
            }
        }

        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(Writers * Each, seen + stream.Dropped);
        Assert.Equal(seen, stream.Written);
    }

    internal static SvmEvent Event(ulong id) => new(EventKind.Flush, EventPhase.Instant, EventTrack.Worker(0)) { Id = id };

    private static List<SvmEvent> Drain(EventStream stream)
    {
        List<SvmEvent> all = [];
        var some = new SvmEvent[3];
        for (int count = stream.Drain(some); count > 0; count = stream.Drain(some))
        {
            all.AddRange(some.AsSpan(0, count));
        }

        return all;
    }
}
