namespace GpuSvm.Live.Programs.Migration;

/// <summary>The counters that a kernel adds to.</summary>
/// <param name="Base">The first page.</param>
/// <param name="Pages">Number of pages.</param>
/// <param name="Rounds">How often each thread goes through them.</param>
internal readonly record struct CounterArgs(VirtualAddress Base, long Pages, int Rounds);
