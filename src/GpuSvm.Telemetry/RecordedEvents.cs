namespace GpuSvm.Telemetry;

/// <summary>What a recorder has kept.</summary>
/// <param name="Events">The events, in the order in which they were written.</param>
/// <param name="Dropped">Number of events that are not among them: the stream was full, or the recorder.</param>
public sealed record RecordedEvents(IReadOnlyList<SvmEvent> Events, long Dropped);
