namespace GpuSvm.Live.Programs.Storm;

/// <summary>Arguments of <see cref="StormKernel"/>.</summary>
/// <param name="Counters">A page: its first half is the GPU's, one word a thread; its second half is the CPU's.</param>
/// <param name="Fresh">Pages that the CPU has discarded.</param>
/// <param name="FreshPages">Number of those.</param>
/// <param name="Touched">Pages that the CPU's threads write, from id 0 on.</param>
/// <param name="TouchedPages">Number of those.</param>
/// <param name="Round">Counts the launches from 1 on.</param>
internal readonly record struct StormArgs(
    VirtualAddress Counters, VirtualAddress Fresh, int FreshPages, VirtualAddress Touched, int TouchedPages, long Round);
