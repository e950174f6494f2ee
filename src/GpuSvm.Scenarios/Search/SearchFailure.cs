namespace GpuSvm.Scenarios;

/// <summary>What a search has found.</summary>
/// <param name="Seed">Seed of the schedule; its number, from 1 on, if the search was exhaustive.</param>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Message">What went wrong, in one sentence.</param>
/// <param name="Interleaving">The shrunk schedule, see <see cref="GpuSvm.Core.Interleaving"/>.</param>
public sealed record SearchFailure(ulong Seed, ScheduleFailureKind Kind, string Message, IReadOnlyList<string> Interleaving);
