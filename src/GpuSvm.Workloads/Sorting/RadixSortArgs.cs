namespace GpuSvm.Workloads;

/// <summary>Arguments of the kernels of <see cref="RadixSort"/>.</summary>
/// <param name="From">Address of the numbers, 4 bytes each.</param>
/// <param name="To">Address of as much room for them, sorted by one more digit.</param>
/// <param name="Counters">Address of <see cref="RadixSort.CounterBytes"/> bytes for each thread.</param>
/// <param name="Sums">Address of 4 bytes for each thread of the block that scans.</param>
/// <param name="Count">Number of numbers, 1 to 2^31 - 1.</param>
/// <param name="Threads">Threads of the launches that count and scatter.</param>
/// <param name="Shift">Lowest bit of the digit: 0, <see cref="RadixSort.DigitBits"/>, ….</param>
public readonly record struct RadixSortArgs(ulong From, ulong To, ulong Counters, ulong Sums, long Count, long Threads, int Shift);
