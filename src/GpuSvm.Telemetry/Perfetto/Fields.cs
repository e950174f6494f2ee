namespace GpuSvm.Telemetry.Perfetto;

/// <summary>The numbers of the fields and values of Perfetto's messages that a trace uses.</summary>
/// <remarks>
/// Written by hand, not by the protobuf compiler: a dozen fields do not pay for a tool that every build needs. Source: Perfetto
/// protos/perfetto/trace: trace.proto, trace_packet.proto, clock_snapshot.proto, interned_data/interned_data.proto,
/// track_event/{track_event,track_descriptor,process_descriptor,debug_annotation}.proto.
/// </remarks>
internal static class Fields
{
    public const int TracePacket = 1;

    public static class Packet
    {
        public const int ClockSnapshot = 6;
        public const int Timestamp = 8;
        public const int SequenceId = 10;
        public const int TrackEvent = 11;
        public const int InternedData = 12;
        public const int SequenceFlags = 13;
        public const int PreviousPacketDropped = 42;
        public const int Defaults = 59;
        public const int TrackDescriptor = 60;

        /// <summary>SEQ_INCREMENTAL_STATE_CLEARED: what follows refers to nothing before.</summary>
        public const ulong StateCleared = 1;

        /// <summary>SEQ_NEEDS_INCREMENTAL_STATE: the packet uses names and defaults of earlier ones.</summary>
        public const ulong NeedsState = 2;
    }

    public static class Clocks
    {
        public const int Clock = 1;
        public const int PrimaryTraceClock = 2;
        public const int ClockId = 1;
        public const int ClockTimestamp = 2;
        public const int DefaultClockId = 58;

        /// <summary>BUILTIN_CLOCK_MONOTONIC.</summary>
        public const ulong Monotonic = 3;
    }

    public static class Interned
    {
        public const int Categories = 1;
        public const int EventNames = 2;
        public const int AnnotationNames = 3;
        public const int Id = 1;
        public const int Name = 2;
    }

    public static class Track
    {
        public const int Uuid = 1;
        public const int Name = 2;
        public const int Process = 3;
        public const int Parent = 5;
        public const int ProcessId = 1;
        public const int ProcessName = 6;
    }

    public static class Event
    {
        public const int Category = 3;
        public const int Annotation = 4;
        public const int Type = 9;
        public const int Name = 10;
        public const int Track = 11;
        public const int Flow = 47;
        public const int TerminatingFlow = 48;

        /// <summary>TYPE_SLICE_BEGIN.</summary>
        public const ulong Begin = 1;

        /// <summary>TYPE_SLICE_END.</summary>
        public const ulong End = 2;

        /// <summary>TYPE_INSTANT.</summary>
        public const ulong Instant = 3;
    }

    public static class Annotation
    {
        public const int Name = 1;
        public const int Number = 3;
        public const int Text = 6;
        public const int Pointer = 7;
    }
}
