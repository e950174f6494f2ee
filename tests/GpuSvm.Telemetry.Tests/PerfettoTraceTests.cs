using GpuSvm.Core;

namespace GpuSvm.Telemetry.Tests;

public sealed class PerfettoTraceTests
{
    private static readonly EventTrack Sm0 = EventTrack.Sm(0);

    [Fact]
    public void A_trace_says_its_clock_first_and_that_all_else_needs_it()
    {
        PerfettoFile file = Trace([Instant(EventKind.Flush, EventTrack.Worker(0), 5) with { Count = 3 }]);

        Assert.Equal((3UL, 3UL, 3UL), file.Clocks);
        Assert.Equal([1UL, 2, 2, 2, 2], file.Flags);
        Assert.Equal(["GpuSvm", "worker 0"], file.Tracks.Values.Select(track => track.Name));
        TracedEvent flush = Assert.Single(file.Events);
        Assert.Equal((5UL, 3UL, "flush", "flush", "3"), (flush.Time, flush.Type, flush.Name, flush.Category, flush.Annotations["count"]));
    }

    [Fact]
    public void Each_actor_has_a_track_of_its_own_below_the_process()
    {
        EventTrack[] actors = [EventTrack.Device, EventTrack.Sm(2), EventTrack.Worker(1), EventTrack.CopyEngine(0), new(EventTrackKind.Thread, 9)];

        PerfettoFile file = Trace([.. actors.Select((actor, i) => Instant(EventKind.Flush, actor, 1 + i))]);

        Assert.Equal(
            ["GPU", "SM 2", "worker 1", "copy engine 0", "CPU thread 9"], file.Events.Select(happened => file.PathOf(happened.Track)));
        Assert.Empty(file.Faults());
    }

    [Fact]
    public void An_event_tells_its_cause_in_its_name_and_the_rest_beside_it()
    {
        PerfettoFile file = Trace(
        [
            Begin(EventKind.Migration, EventTrack.Worker(0), 10) with
            {
                Id = 4, Channel = 0x100, Client = 0x200, Address = 0x7000, Bytes = 8192, Cause = EventCause.GpuFault, Direction = EventDirection.ToDevice,
            },
            End(EventKind.Migration, EventTrack.Worker(0), 20) with { Id = 4, Address = 0x7000, Count = 1, Cause = EventCause.Stopped },
        ]);

        Assert.Equal([(10UL, 1UL, "migration: gpu fault"), (20UL, 2UL, "")], file.Events.Select(at => (at.Time, at.Type, at.Name)));
        Assert.Equal(
            "address=0x7000 bytes=8192 channel=0x100 client=0x200 direction=to device id=4",
            Told(file.Events[0]));
        Assert.Equal("count=1 end=stopped", Told(file.Events[1]));
    }

    [Fact]
    public void Waits_of_one_SM_that_overlap_have_a_track_each_and_give_it_back()
    {
        PerfettoFile file = Trace(
        [
            Wait(1, 10), Wait(2, 20), WaitEnd(1, 30), Wait(3, 30), Wait(4, 35), WaitEnd(2, 40), WaitEnd(3, 50), WaitEnd(4, 60),
        ]);

        Assert.Empty(file.Faults());
        Assert.All(file.Events, happened => Assert.Equal("SM 0/SM 0 waits", file.PathOf(happened.Track)));
        ulong[] tracks = [.. file.Events.Where(happened => happened.Type == 1).Select(happened => happened.Track)];
        Assert.Equal(tracks[0], tracks[2]);
        Assert.Equal(3, tracks.Distinct().Count());
    }

    [Fact]
    public void An_arrow_leads_from_a_fault_to_the_replay_that_ended_it()
    {
        PerfettoFile file = Trace(
        [
            Wait(1, 10), Wait(2, 11), Replay(1, 20), WaitEnd(1, 25, replay: 1), WaitEnd(2, 26) with { Cause = EventCause.Stopped },
        ]);

        Assert.Empty(file.Faults());
        ulong flow = Assert.Single(file.Events.Single(happened => happened.Time == 10).Flows);
        Assert.Equal([flow], file.Events.Single(happened => happened.Name == "replay").TerminatingFlows);
        Assert.Empty(file.Events.Single(happened => happened.Time == 11).Flows);
    }

    [Fact]
    public void An_arrow_with_one_end_missing_or_leading_back_is_not_drawn()
    {
        PerfettoFile file = Trace([Wait(1, 10), Replay(5, 20), Wait(2, 21), WaitEnd(1, 25, replay: 6), WaitEnd(2, 26, replay: 5)]);

        Assert.Empty(file.Faults());
        Assert.All(file.Events, happened => Assert.Empty(happened.Flows.Concat(happened.TerminatingFlows)));
    }

    [Fact]
    public void An_arrow_leads_to_the_first_replay_of_a_number_and_none_from_a_wait_that_no_replay_ended()
    {
        PerfettoFile file = Trace([Wait(1, 10), Wait(2, 11), Replay(0, 20), Replay(1, 21), Replay(1, 22), WaitEnd(1, 25, replay: 1), WaitEnd(2, 26, replay: 0)]);

        ulong flow = Assert.Single(file.Events.SelectMany(happened => happened.Flows));
        Assert.Equal([(21UL, flow)], file.Events.SelectMany(happened => happened.TerminatingFlows.Select(ending => (happened.Time, ending))));
    }

    [Fact]
    public void A_wait_takes_the_first_track_that_is_free()
    {
        PerfettoFile file = Trace(
        [
            Wait(1, 10), Wait(2, 11), Wait(3, 12), WaitEnd(3, 20), WaitEnd(1, 21), Wait(4, 30), WaitEnd(4, 40), WaitEnd(2, 41),
        ]);

        ulong[] tracks = [.. file.Events.Where(happened => happened.Type == 1).Select(happened => happened.Track)];
        Assert.Equal(tracks[0], tracks[3]);
    }

    [Fact]
    public void An_end_closes_the_slice_of_its_own_number_and_address_and_what_is_open_in_it()
    {
        PerfettoFile file = Trace(
        [
            Begin(EventKind.Copy, EventTrack.CopyEngine(0), 10) with { Id = 1, Address = 8 },
            Begin(EventKind.Copy, EventTrack.CopyEngine(0), 11) with { Id = 2, Address = 8 },
            End(EventKind.Copy, EventTrack.CopyEngine(0), 20) with { Id = 1, Address = 8 },
            Begin(EventKind.Copy, EventTrack.CopyEngine(0), 30) with { Id = 3, Address = 8 },
            End(EventKind.Copy, EventTrack.CopyEngine(0), 40) with { Id = 3, Address = 16 },
            Instant(EventKind.Flush, EventTrack.Worker(0), 50),
        ]);

        Assert.Equal([20UL, 20, 50], file.Events.Where(happened => happened.Type == 2).Select(happened => happened.Time));
    }

    [Fact]
    public void Services_of_two_blocks_overlap_on_the_tracks_of_their_workers_inside_their_batch()
    {
        PerfettoFile file = Trace(
        [
            Begin(EventKind.Batch, EventTrack.Worker(0), 10),
            Begin(EventKind.Service, EventTrack.Worker(0), 11) with { Address = 0x200000 },
            Begin(EventKind.Service, EventTrack.Worker(1), 12) with { Address = 0x400000 },
            End(EventKind.Service, EventTrack.Worker(0), 20) with { Address = 0x200000 },
            End(EventKind.Service, EventTrack.Worker(1), 21) with { Address = 0x400000 },
            End(EventKind.Batch, EventTrack.Worker(0), 22),
        ]);

        Assert.Empty(file.Faults());
        Assert.Equal(
            ["worker 0 10 1", "worker 0 11 1", "worker 1 12 1", "worker 0 20 2", "worker 1 21 2", "worker 0 22 2"],
            file.Events.Select(happened => $"{file.PathOf(happened.Track)} {happened.Time} {happened.Type}"));
    }

    [Fact]
    public void What_dropped_events_left_open_is_closed_and_ends_without_a_begin_are_left_out()
    {
        RecordedEvents recorded = new(
            [
                End(EventKind.Service, EventTrack.Worker(0), 5),
                Begin(EventKind.Batch, EventTrack.Worker(0), 10),
                Begin(EventKind.Service, EventTrack.Worker(0), 11),
                End(EventKind.Batch, EventTrack.Worker(0), 20),
                WaitEnd(7, 21),
                Wait(8, 22),
                Begin(EventKind.Batch, EventTrack.Worker(0), 30) with { Id = 2 },
            ],
            Dropped: 4);

        PerfettoFile file = Trace(recorded);

        Assert.Empty(file.Faults());
        Assert.Equal(
            [(5UL, 3UL), (10UL, 1UL), (11UL, 1UL), (20UL, 2UL), (20UL, 2UL), (22UL, 1UL), (30UL, 1UL), (30UL, 2UL), (30UL, 2UL)],
            file.Events.Select(happened => (happened.Time, happened.Type)));
        Assert.Equal(("events dropped", "4"), (file.Events[0].Name, file.Events[0].Annotations["dropped"]));
    }

    [Fact]
    public void A_trace_without_events_has_a_process_and_nothing_else()
    {
        PerfettoFile file = Trace([]);

        Assert.Equal(["GpuSvm"], file.Tracks.Values.Select(track => track.Name));
        Assert.Empty(file.Events);
    }

    [Fact]
    public void Random_events_in_any_order_with_any_of_them_lost_make_a_sound_trace()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            var random = new SeededRandom(seed);
            List<SvmEvent> events = [];
            for (int i = 0; i < 300; i++)
            {
                var track = new EventTrack((EventTrackKind)random.Next(5), random.Next(2));
                events.Add(new SvmEvent((EventKind)random.Next(9), (EventPhase)random.Next(3), track)
                {
                    Nanoseconds = 1 + random.Next(200),
                    Id = (ulong)random.Next(4),
                    Link = (ulong)random.Next(4),
                });
            }

            IReadOnlyList<string> wrong = Trace(events).Faults();
            Assert.True(wrong.Count == 0, $"seed {seed}: {string.Join("; ", wrong)}");
        }
    }

    private static string Told(TracedEvent happened) =>
        string.Join(' ', happened.Annotations.OrderBy(at => at.Key, StringComparer.Ordinal).Select(at => $"{at.Key}={at.Value}"));

    private static SvmEvent Instant(EventKind kind, EventTrack track, long time) => new(kind, EventPhase.Instant, track) { Nanoseconds = time };

    private static SvmEvent Begin(EventKind kind, EventTrack track, long time) => new(kind, EventPhase.Begin, track) { Nanoseconds = time };

    private static SvmEvent End(EventKind kind, EventTrack track, long time) => new(kind, EventPhase.End, track) { Nanoseconds = time };

    private static SvmEvent Wait(ulong id, long time) => Begin(EventKind.Fault, Sm0, time) with { Id = id, Cause = EventCause.Read };

    private static SvmEvent WaitEnd(ulong id, long time, ulong replay = 0) =>
        End(EventKind.Fault, Sm0, time) with { Id = id, Link = replay, Cause = EventCause.Completed };

    private static SvmEvent Replay(ulong number, long time) => Instant(EventKind.Replay, EventTrack.Device, time) with { Id = number };

    private static PerfettoFile Trace(IReadOnlyList<SvmEvent> events) => Trace(new RecordedEvents(events, 0));

    private static PerfettoFile Trace(RecordedEvents recorded)
    {
        using var output = new MemoryStream();
        PerfettoTrace.Write(recorded, output);
        return PerfettoFile.Of(output.ToArray());
    }
}
