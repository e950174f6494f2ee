using GpuSvm.Telemetry.Perfetto;

namespace GpuSvm.Telemetry;

/// <summary>Writes events as a trace that ui.perfetto.dev and Perfetto's trace processor open.</summary>
/// <remarks>
/// Every actor is a track; what begins and ends is a slice, and slices nest; waits of one SM, which overlap, have a track each below
/// their SM's. An arrow leads from each fault to the replay that ended it. What is incomplete because events were dropped is closed at
/// the end of what encloses it, or left out. Source: Perfetto, TrackEvent; field numbers in <see cref="Fields"/>.
/// </remarks>
public sealed class PerfettoTrace
{
    private readonly SvmEvent[] _events;
    private readonly long _dropped;
    private readonly FlowArrows _arrows;
    private readonly Dictionary<EventTrack, WaitLanes> _waits = [];
    private readonly Dictionary<EventTrack, Stack<SvmEvent>> _open = [];

    private PerfettoTrace(RecordedEvents recorded)
    {
        // A stable sort: what a thread wrote at one moment stays in its order.
        _events = [.. recorded.Events.OrderBy(happened => happened.Nanoseconds)];
        _dropped = recorded.Dropped;
        _arrows = new FlowArrows(_events);
    }

    /// <summary>Writes a whole trace.</summary>
    /// <param name="recorded">The events.</param>
    /// <param name="output">Where to; stays open.</param>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(RecordedEvents recorded, Stream output)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        ArgumentNullException.ThrowIfNull(output);
        using var packets = new PacketWriter(output);
        new PerfettoTrace(recorded).Write(packets);
    }

    private void Write(PacketWriter packets)
    {
        packets.WriteHead(_events.Length > 0 ? _events[0].Nanoseconds : 0, _dropped);
        for (int i = 0; i < _events.Length; i++)
        {
            bool isWait = _events[i].Kind == EventKind.Fault;
            switch (_events[i].Phase)
            {
                case EventPhase.Instant:
                    packets.WriteEvent(_events[i], 0, 0, _arrows.EndingAt(i));
                    break;
                case EventPhase.Begin when isWait:
                    BeginWait(packets, i);
                    break;
                case EventPhase.End when isWait:
                    EndWait(packets, _events[i]);
                    break;
                case EventPhase.Begin:
                    StackOf(_events[i].Track).Push(_events[i]);
                    packets.WriteEvent(_events[i], 0, 0, []);
                    break;
                default:
                    End(packets, _events[i]);
                    break;
            }
        }

        CloseAll(packets);
    }

    private void BeginWait(PacketWriter packets, int index)
    {
        if (WaitsOf(_events[index].Track).TryBegin(FaultKey.Of(_events[index]), out int lane))
        {
            packets.WriteEvent(_events[index], 1 + lane, _arrows.BeginningAt(index), []);
        }
    }

    private void EndWait(PacketWriter packets, in SvmEvent end)
    {
        if (WaitsOf(end.Track).TryEnd(FaultKey.Of(end), out int lane))
        {
            packets.WriteEnd(end, 1 + lane);
        }
    }

    /// <summary>Ends what is open down to the begin that belongs to an end; nothing if that is missing.</summary>
    private void End(PacketWriter packets, SvmEvent end)
    {
        Stack<SvmEvent> open = StackOf(end.Track);
        if (!open.Any(begin => IsBeginOf(begin, end)))
        {
            return;
        }

        while (!IsBeginOf(open.Pop(), end))
        {
            packets.WriteEnd(end.Nanoseconds, end.Track, 0);
        }

        packets.WriteEnd(end, 0);
    }

    private void CloseAll(PacketWriter packets)
    {
        long last = _events.Length > 0 ? _events[^1].Nanoseconds : 0;
        foreach ((EventTrack track, WaitLanes lanes) in _waits)
        {
            foreach (int lane in lanes.Open)
            {
                packets.WriteEnd(last, track, 1 + lane);
            }
        }

        foreach ((EventTrack track, Stack<SvmEvent> open) in _open)
        {
            for (; open.Count > 0; open.Pop())
            {
                packets.WriteEnd(last, track, 0);
            }
        }
    }

    private static bool IsBeginOf(in SvmEvent begin, in SvmEvent end) =>
        begin.Kind == end.Kind && begin.Id == end.Id && begin.Address == end.Address;

    private WaitLanes WaitsOf(EventTrack track)
    {
        if (!_waits.TryGetValue(track, out WaitLanes? lanes))
        {
            _waits.Add(track, lanes = new WaitLanes());
        }

        return lanes;
    }

    private Stack<SvmEvent> StackOf(EventTrack track)
    {
        if (!_open.TryGetValue(track, out Stack<SvmEvent>? open))
        {
            _open.Add(track, open = new Stack<SvmEvent>());
        }

        return open;
    }
}
