namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>One step of a forked child.</summary>
/// <param name="Action">What it does.</param>
/// <param name="Address">A word, or the first page.</param>
/// <param name="Value">The word's value, a number of times, or a number of bytes.</param>
/// <param name="Target">Where pages go.</param>
internal readonly record struct ChildStep(ChildAction Action, ulong Address, int Value, ulong Target = 0);
