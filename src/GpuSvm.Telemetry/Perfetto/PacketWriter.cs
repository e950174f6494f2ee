using System.Globalization;
using Google.Protobuf;

namespace GpuSvm.Telemetry.Perfetto;

/// <summary>Writes the packets of one trace.</summary>
internal sealed class PacketWriter : IDisposable
{
    private const ulong SequenceId = 1;
    private const ulong ProcessTrack = 1;
    private static readonly int AnnotationCount = Enum.GetValues<AnnotationName>().Length;
    private readonly CodedOutputStream _output;
    private readonly ProtoMessage _packet = new();
    private readonly ProtoMessage _body = new();
    private readonly ProtoMessage _part = new();
    private readonly Dictionary<(EventTrack Track, int Lane), ulong> _tracks = [];

    public PacketWriter(Stream output) => _output = new CodedOutputStream(output, leaveOpen: true);

    /// <summary>What an event tells beside its name: names are sent once, and referred to by number.</summary>
    private enum AnnotationName
    {
        Id = 1,
        Link,
        Channel,
        Client,
        Address,
        Bytes,
        Count,
        Direction,
        Dropped,
        End,
    }

    /// <summary>Writes what all else refers to: the clock, the names, the process.</summary>
    /// <param name="now">The time of the first event, in nanoseconds.</param>
    /// <param name="dropped">Number of events that are missing.</param>
    public void WriteHead(long now, long dropped)
    {
        WriteNames();
        _part.Number(Fields.Clocks.ClockId, Fields.Clocks.Monotonic);
        _part.Number(Fields.Clocks.ClockTimestamp, (ulong)now);
        _body.Message(Fields.Clocks.Clock, _part);
        _body.Number(Fields.Clocks.PrimaryTraceClock, Fields.Clocks.Monotonic);
        _packet.Message(Fields.Packet.ClockSnapshot, _body);
        Send(Fields.Packet.NeedsState);

        _part.Number(Fields.Track.ProcessId, (ulong)Environment.ProcessId);
        _part.Text(Fields.Track.ProcessName, "GpuSvm");
        _body.Number(Fields.Track.Uuid, ProcessTrack);
        _body.Message(Fields.Track.Process, _part);
        _packet.Message(Fields.Packet.TrackDescriptor, _body);
        Send(Fields.Packet.NeedsState);
        if (dropped > 0)
        {
            BeginEvent(now, ProcessTrack, Fields.Event.Instant);
            _body.Number(Fields.Event.Name, DroppedNameId);
            AnnotateNumber(AnnotationName.Dropped, (ulong)dropped);
            EndEvent();
        }
    }

    /// <summary>Writes something that begins, or takes no time.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="lane">The row of its actor; 0 is the actor's own.</param>
    /// <param name="flow">The arrow that begins here; 0 for none.</param>
    /// <param name="ending">The arrows that end here.</param>
    public void WriteEvent(in SvmEvent happened, int lane, ulong flow, IReadOnlyList<ulong> ending)
    {
        ulong type = happened.Phase == EventPhase.Begin ? Fields.Event.Begin : Fields.Event.Instant;
        BeginEvent(happened.Nanoseconds, TrackOf(happened.Track, lane), type);
        _body.Number(Fields.Event.Name, NameId(happened.Kind, happened.Cause));
        _body.Number(Fields.Event.Category, CategoryId(happened.Kind));
        AnnotateNumber(AnnotationName.Id, happened.Id);
        AnnotateNumber(AnnotationName.Link, happened.Link);
        AnnotatePointer(AnnotationName.Channel, happened.Channel);
        AnnotatePointer(AnnotationName.Client, happened.Client);
        AnnotatePointer(AnnotationName.Address, happened.Address);
        AnnotateNumber(AnnotationName.Bytes, happened.Bytes);
        AnnotateNumber(AnnotationName.Count, (ulong)happened.Count);
        AnnotateText(AnnotationName.Direction, happened.Direction == EventDirection.None ? "" : NameOf(happened.Direction));
        if (flow != 0)
        {
            _body.Fixed(Fields.Event.Flow, flow);
        }

        foreach (ulong end in ending)
        {
            _body.Fixed(Fields.Event.TerminatingFlow, end);
        }

        EndEvent();
    }

    /// <summary>Writes the end of what began last in a row, with what the begin did not know.</summary>
    public void WriteEnd(in SvmEvent end, int lane)
    {
        BeginEvent(end.Nanoseconds, TrackOf(end.Track, lane), Fields.Event.End);
        AnnotateNumber(AnnotationName.Link, end.Link);
        AnnotateNumber(AnnotationName.Count, (ulong)end.Count);
        AnnotateText(AnnotationName.End, end.Cause == EventCause.None ? "" : NameOf(end.Cause));
        EndEvent();
    }

    /// <summary>Writes the end of what began last in a row, where it is not known.</summary>
    public void WriteEnd(long nanoseconds, EventTrack track, int lane)
    {
        BeginEvent(nanoseconds, TrackOf(track, lane), Fields.Event.End);
        EndEvent();
    }

    /// <summary>Finishes the file; the stream stays open.</summary>
    public void Dispose()
    {
        _output.Dispose();
        _packet.Dispose();
        _body.Dispose();
        _part.Dispose();
    }

    private static ulong DroppedNameId => NameId((EventKind)Enum.GetValues<EventKind>().Length, EventCause.None);

    private static ulong NameId(EventKind kind, EventCause cause) => ((ulong)kind << 8) + (ulong)cause + 1;

    private static ulong CategoryId(EventKind kind) => (ulong)kind + 1;

    private static string NameOf<T>(T value)
        where T : struct, Enum
    {
        // FaultedAgain → faulted again
        string name = Enum.GetName(value)!;
        return string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? (i > 0 ? " " : "") + char.ToLowerInvariant(letter) : $"{letter}"));
    }

    private void WriteNames()
    {
        foreach (EventKind kind in Enum.GetValues<EventKind>())
        {
            Intern(Fields.Interned.Categories, CategoryId(kind), NameOf(kind));
            foreach (EventCause cause in Enum.GetValues<EventCause>())
            {
                Intern(
                    Fields.Interned.EventNames,
                    NameId(kind, cause),
                    cause == EventCause.None ? NameOf(kind) : $"{NameOf(kind)}: {NameOf(cause)}");
            }
        }

        Intern(Fields.Interned.EventNames, DroppedNameId, "events dropped");
        for (int i = 1; i <= AnnotationCount; i++)
        {
            Intern(Fields.Interned.AnnotationNames, (ulong)i, NameOf((AnnotationName)i));
        }

        _packet.Message(Fields.Packet.InternedData, _body);
        _part.Number(Fields.Clocks.DefaultClockId, Fields.Clocks.Monotonic);
        _packet.Message(Fields.Packet.Defaults, _part);
        Send(Fields.Packet.StateCleared);
    }

    private void Intern(int table, ulong id, string name)
    {
        _part.Number(Fields.Interned.Id, id);
        _part.Text(Fields.Interned.Name, name);
        _body.Message(table, _part);
    }

    /// <summary>The row of an actor, which is described before it is used first.</summary>
    private ulong TrackOf(EventTrack track, int lane)
    {
        if (_tracks.TryGetValue((track, lane), out ulong uuid))
        {
            return uuid;
        }

        ulong parent = lane == 0 ? ProcessTrack : TrackOf(track, 0);
        uuid = ProcessTrack + (ulong)_tracks.Count + 1;
        _tracks.Add((track, lane), uuid);
        using var descriptor = new ProtoMessage();
        descriptor.Number(Fields.Track.Uuid, uuid);
        descriptor.Number(Fields.Track.Parent, parent);
        descriptor.Text(Fields.Track.Name, lane == 0 ? NameOf(track) : $"{NameOf(track)} waits");
        using var packet = new ProtoMessage();
        packet.Message(Fields.Packet.TrackDescriptor, descriptor);
        Send(packet, Fields.Packet.NeedsState);
        return uuid;
    }

    private static string NameOf(EventTrack track) => track.Kind switch
    {
        EventTrackKind.Device => "GPU",
        EventTrackKind.Sm => string.Create(CultureInfo.InvariantCulture, $"SM {track.Index}"),
        EventTrackKind.CopyEngine => string.Create(CultureInfo.InvariantCulture, $"copy engine {track.Index}"),
        EventTrackKind.Worker => string.Create(CultureInfo.InvariantCulture, $"worker {track.Index}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"CPU thread {track.Index}"),
    };

    private void BeginEvent(long nanoseconds, ulong track, ulong type)
    {
        _packet.Number(Fields.Packet.Timestamp, (ulong)nanoseconds);
        _body.Number(Fields.Event.Type, type);
        _body.Number(Fields.Event.Track, track);
    }

    private void EndEvent()
    {
        _packet.Message(Fields.Packet.TrackEvent, _body);
        Send(Fields.Packet.NeedsState);
    }

    private void AnnotateNumber(AnnotationName name, ulong value) => Annotate(name, Fields.Annotation.Number, value);

    private void AnnotatePointer(AnnotationName name, ulong value) => Annotate(name, Fields.Annotation.Pointer, value);

    private void Annotate(AnnotationName name, int field, ulong value)
    {
        if (value != 0)
        {
            _part.Number(Fields.Annotation.Name, (ulong)name);
            _part.Number(field, value);
            _body.Message(Fields.Event.Annotation, _part);
        }
    }

    private void AnnotateText(AnnotationName name, string value)
    {
        if (value.Length > 0)
        {
            _part.Number(Fields.Annotation.Name, (ulong)name);
            _part.Text(Fields.Annotation.Text, value);
            _body.Message(Fields.Event.Annotation, _part);
        }
    }

    private void Send(ulong flags) => Send(_packet, flags);

    private void Send(ProtoMessage packet, ulong flags)
    {
        packet.Number(Fields.Packet.SequenceId, SequenceId);
        packet.Number(Fields.Packet.SequenceFlags, flags);
        packet.CopyTo(_output, Fields.TracePacket);
        packet.Clear();
    }
}
