namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary>What it costs to acquire an interval that is there, and to release it.</summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Intervals">Number of intervals that it has or, where it has none that last, of mappings.</param>
/// <param name="Threads">Number of threads that look up at the same time.</param>
/// <param name="NsPerLookup">Time of one look-up of one thread, in the fastest turn.</param>
/// <param name="LookupsPerS">Look-ups a second of all threads together.</param>
internal sealed record LookupRow(string Strategy, int Intervals, int Threads, double NsPerLookup, double LookupsPerS);
