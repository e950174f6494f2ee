namespace GpuSvm.Telemetry.Perfetto;

/// <summary>The arrows from the faults to the replays that ended them.</summary>
/// <remarks>
/// An arrow leads forward and has both its ends, or it is not drawn: what was dropped, and an access that was reported after the replay
/// on which it tried again, have none.
/// </remarks>
internal sealed class FlowArrows
{
    private readonly Dictionary<int, ulong> _ofFault = [];
    private readonly Dictionary<int, List<ulong>> _ofReplay = [];

    /// <summary>Finds the arrows.</summary>
    /// <param name="events">All events, in order of time.</param>
    public FlowArrows(ReadOnlySpan<SvmEvent> events)
    {
        Dictionary<ulong, int> replays = [];
        Dictionary<FaultKey, int> waiting = [];
        for (int i = 0; i < events.Length; i++)
        {
            if (events[i].Kind == EventKind.Replay && events[i].Phase == EventPhase.Instant)
            {
                replays.TryAdd(events[i].Id, i);
            }
        }

        for (int i = 0; i < events.Length; i++)
        {
            ref readonly SvmEvent at = ref events[i];
            if (at.Kind != EventKind.Fault)
            {
                continue;
            }

            if (at.Phase == EventPhase.Begin)
            {
                waiting.TryAdd(FaultKey.Of(at), i);
            }
            else if (at.Phase == EventPhase.End && waiting.Remove(FaultKey.Of(at), out int begin)
                && at.Link != 0 && replays.TryGetValue(at.Link, out int replay) && begin < replay)
            {
                Draw(begin, replay);
            }
        }
    }

    /// <summary>The arrow that begins at an event; 0 for none.</summary>
    /// <param name="index">Index of the event.</param>
    public ulong BeginningAt(int index) => _ofFault.GetValueOrDefault(index);

    /// <summary>The arrows that end at an event.</summary>
    /// <param name="index">Index of the event.</param>
    public IReadOnlyList<ulong> EndingAt(int index) => _ofReplay.TryGetValue(index, out List<ulong>? flows) ? flows : [];

    private void Draw(int fault, int replay)
    {
        ulong flow = (ulong)_ofFault.Count + 1;
        _ofFault.Add(fault, flow);
        if (!_ofReplay.TryGetValue(replay, out List<ulong>? flows))
        {
            _ofReplay.Add(replay, flows = []);
        }

        flows.Add(flow);
    }
}
