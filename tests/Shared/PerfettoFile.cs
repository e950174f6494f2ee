using System.Globalization;
using Google.Protobuf;

namespace GpuSvm;

/// <summary>A trace as it is read back: what Perfetto would see of it, read by protobuf's own reader.</summary>
internal sealed class PerfettoFile
{
    private readonly Dictionary<ulong, string> _names = [];
    private readonly Dictionary<ulong, string> _categories = [];
    private readonly Dictionary<ulong, string> _annotations = [];

    private PerfettoFile(byte[] bytes)
    {
        foreach (byte[] packet in Fields(bytes).Where(field => field.Number == 1).Select(field => field.Bytes))
        {
            Read(packet);
        }
    }

    /// <summary>Name and parent of every track, by its id. The process has no parent.</summary>
    public Dictionary<ulong, (string Name, ulong Parent)> Tracks { get; } = [];

    /// <summary>All track events, in the order of the file.</summary>
    public List<TracedEvent> Events { get; } = [];

    /// <summary>Flags of each packet, in the order of the file.</summary>
    public List<ulong> Flags { get; } = [];

    /// <summary>The clock that times are of by default, and the one of the snapshot: 3 is the monotonic one.</summary>
    public (ulong Default, ulong Snapshot, ulong Primary) Clocks { get; private set; }

    public static PerfettoFile Of(byte[] bytes) => new(bytes);

    /// <summary>Path of a track from below the process down.</summary>
    public string PathOf(ulong track) =>
        Tracks[track].Parent is var parent and not 0 && Tracks[parent].Parent != 0 ? $"{PathOf(parent)}/{Tracks[track].Name}" : Tracks[track].Name;

    /// <summary>
    /// Checks what makes a trace sound: known tracks, times that rise on each track, ends that have begins, everything closed, arrows with
    /// both their ends in order.
    /// </summary>
    /// <returns>What is wrong with it.</returns>
    public IReadOnlyList<string> Faults()
    {
        List<string> wrong = [];
        foreach (IGrouping<ulong, TracedEvent> track in Events.GroupBy(happened => happened.Track))
        {
            if (!Tracks.ContainsKey(track.Key))
            {
                wrong.Add($"track {track.Key} is not described");
            }

            int depth = 0;
            ulong last = 0;
            foreach (TracedEvent happened in track)
            {
                depth += happened.Type == 1 ? 1 : happened.Type == 2 ? -1 : 0;
                if (depth < 0 || happened.Time < last)
                {
                    wrong.Add($"track {track.Key} at {happened.Time}: depth {depth}, after {last}");
                }

                last = happened.Time;
            }

            if (depth != 0)
            {
                wrong.Add($"track {track.Key}: {depth} slices are open at the end");
            }
        }

        var begins = Events.SelectMany(from => from.Flows.Select(flow => (Flow: flow, from.Time))).ToLookup(from => from.Flow, from => from.Time);
        var ends = Events.SelectMany(to => to.TerminatingFlows.Select(flow => (Flow: flow, to.Time))).ToLookup(to => to.Flow, to => to.Time);
        foreach (ulong flow in begins.Select(from => from.Key).Union(ends.Select(to => to.Key)))
        {
            if (begins[flow].Count() != 1 || ends[flow].Count() != 1 || begins[flow].Single() > ends[flow].Single())
            {
                wrong.Add($"arrow {flow}: begins {string.Join(' ', begins[flow])}, ends {string.Join(' ', ends[flow])}");
            }
        }

        return wrong;
    }

    private static IEnumerable<ProtoField> Fields(byte[] bytes)
    {
        using var input = new CodedInputStream(bytes);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            int number = WireFormat.GetTagFieldNumber(tag);
            yield return WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => new ProtoField(number, input.ReadUInt64(), []),
                WireFormat.WireType.Fixed64 => new ProtoField(number, input.ReadFixed64(), []),
                _ => new ProtoField(number, 0, input.ReadBytes().ToByteArray()),
            };
        }
    }

    private void Read(byte[] packet)
    {
        ulong time = 0;
        foreach (ProtoField field in Fields(packet))
        {
            switch (field.Number)
            {
                case 6:
                    byte[] clock = Fields(field.Bytes).Single(part => part.Number == 1).Bytes;
                    Clocks = Clocks with { Snapshot = NumberIn(clock, 1), Primary = NumberIn(field.Bytes, 2) };
                    break;
                case 8:
                    time = field.Value;
                    break;
                case 11:
                    Events.Add(EventIn(field.Bytes, time));
                    break;
                case 12:
                    ReadNames(field.Bytes);
                    break;
                case 13:
                    Flags.Add(field.Value);
                    break;
                case 59:
                    Clocks = Clocks with { Default = NumberIn(field.Bytes, 58) };
                    break;
                case 60:
                    ReadTrack(field.Bytes);
                    break;
                default:
                    break;
            }
        }
    }

    private void ReadNames(byte[] interned)
    {
        foreach (ProtoField field in Fields(interned))
        {
            Dictionary<ulong, string> table = field.Number switch { 1 => _categories, 2 => _names, _ => _annotations };
            table.Add(NumberIn(field.Bytes, 1), TextIn(field.Bytes, 2));
        }
    }

    private void ReadTrack(byte[] track)
    {
        byte[]? process = Fields(track).Where(field => field.Number == 3).Select(field => field.Bytes).FirstOrDefault();
        string name = process is null ? TextIn(track, 2) : TextIn(process, 6);
        Tracks.Add(NumberIn(track, 1), (name, NumberIn(track, 5)));
    }

    private TracedEvent EventIn(byte[] bytes, ulong time)
    {
        ProtoField[] fields = [.. Fields(bytes)];
        return new TracedEvent(
            time,
            NumberIn(bytes, 9),
            NumberIn(bytes, 11),
            NumberIn(bytes, 10) is var name and not 0 ? _names[name] : "",
            NumberIn(bytes, 3) is var category and not 0 ? _categories[category] : "",
            fields.Where(field => field.Number == 4).ToDictionary(field => _annotations[NumberIn(field.Bytes, 1)], field => ValueIn(field.Bytes)),
            [.. fields.Where(field => field.Number == 47).Select(field => field.Value)],
            [.. fields.Where(field => field.Number == 48).Select(field => field.Value)]);
    }

    private static string ValueIn(byte[] annotation)
    {
        ProtoField value = Fields(annotation).Single(field => field.Number != 1);
        return value.Number switch
        {
            6 => System.Text.Encoding.UTF8.GetString(value.Bytes),
            7 => string.Create(CultureInfo.InvariantCulture, $"0x{value.Value:x}"),
            _ => value.Value.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static ulong NumberIn(byte[] message, int number) => Fields(message).FirstOrDefault(field => field.Number == number).Value;

    private static string TextIn(byte[] message, int number) =>
        System.Text.Encoding.UTF8.GetString(Fields(message).Single(field => field.Number == number).Bytes);

    private readonly record struct ProtoField(int Number, ulong Value, byte[] Bytes);
}

/// <summary>A track event that was read back.</summary>
/// <param name="Time">In nanoseconds.</param>
/// <param name="Type">1 begin, 2 end, 3 instant.</param>
/// <param name="Track">Id of its track.</param>
/// <param name="Name">Its name; empty for an end.</param>
/// <param name="Category">Its category; empty for an end.</param>
/// <param name="Annotations">What else it tells.</param>
/// <param name="Flows">Arrows that begin here.</param>
/// <param name="TerminatingFlows">Arrows that end here.</param>
internal sealed record TracedEvent(
    ulong Time,
    ulong Type,
    ulong Track,
    string Name,
    string Category,
    IReadOnlyDictionary<string, string> Annotations,
    IReadOnlyList<ulong> Flows,
    IReadOnlyList<ulong> TerminatingFlows);
