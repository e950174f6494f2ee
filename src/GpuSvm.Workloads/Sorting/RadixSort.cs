namespace GpuSvm.Workloads;

/// <summary>Sorts 32-bit numbers on the GPU, digit by digit from the lowest up.</summary>
/// <remarks>
/// <para>
/// A digit takes three launches, each of which needs all of the one before: <see cref="Count"/>, <see cref="Scan"/>, <see cref="Scatter"/>.
/// After <see cref="Passes"/> digits, From and To exchanged after each, the numbers are sorted where they began, since the count is even.
/// </para>
/// <para>
/// Every thread keeps to one stretch of the numbers, and the counters are ordered by digit, then by thread: so equal digits stay in order.
/// Source: N. Satish, M. Harris, M. Garland, "Designing efficient sorting algorithms for manycore GPUs", IPDPS 2009.
/// </para>
/// </remarks>
public static class RadixSort
{
    /// <summary>Bits of a digit.</summary>
    public const int DigitBits = 8;

    /// <summary>Number of digits of a number.</summary>
    public const int Passes = 32 / DigitBits;

    /// <summary>Size of the counters in bytes, for each thread that counts.</summary>
    public const ulong CounterBytes = Digits * sizeof(int);

    private const int Digits = 1 << DigitBits;

    /// <summary>First launch, of <see cref="RadixSortArgs.Threads"/> threads: each counts the digits of its stretch.</summary>
    public static async GpuTask Count(GpuThread t, RadixSortArgs a)
    {
        for (uint digit = 0; digit < Digits; digit++)
        {
            await t.Store(Counter(t, a, digit), 0);
        }

        for (long i = First(a, t.GlobalIndex); i < First(a, t.GlobalIndex + 1); i++)
        {
            ulong counter = Counter(t, a, Digit(a, await t.Load<uint>(a.From + (4 * (ulong)i))));
            await t.Store(counter, 1 + await t.Load<int>(counter));
        }
    }

    /// <summary>Second launch, of one block: each counter becomes the sum of all before it.</summary>
    public static async GpuTask Scan(GpuThread t, RadixSortArgs a)
    {
        long counters = (long)Digits * a.Threads;
        long end = counters * (t.ThreadIndex + 1) / t.BlockSize;
        int sum = 0;
        for (long i = counters * t.ThreadIndex / t.BlockSize; i < end; i++)
        {
            sum += await t.Load<int>(a.Counters + (4 * (ulong)i));
        }

        await t.Store(a.Sums + (4 * (ulong)t.ThreadIndex), sum);
        await t.Barrier();
        int before = 0;
        for (int thread = 0; thread < t.ThreadIndex; thread++)
        {
            before += await t.Load<int>(a.Sums + (4 * (ulong)thread));
        }

        for (long i = counters * t.ThreadIndex / t.BlockSize; i < end; i++)
        {
            ulong counter = a.Counters + (4 * (ulong)i);
            int count = await t.Load<int>(counter);
            await t.Store(counter, before);
            before += count;
        }
    }

    /// <summary>Third launch, of as many threads as the first: each stores its stretch where the counters say.</summary>
    public static async GpuTask Scatter(GpuThread t, RadixSortArgs a)
    {
        for (long i = First(a, t.GlobalIndex); i < First(a, t.GlobalIndex + 1); i++)
        {
            uint number = await t.Load<uint>(a.From + (4 * (ulong)i));
            ulong counter = Counter(t, a, Digit(a, number));
            int place = await t.Load<int>(counter);
            await t.Store(counter, place + 1);
            await t.Store(a.To + (4 * (ulong)place), number);
        }
    }

    private static long First(in RadixSortArgs a, long thread) => a.Count * thread / a.Threads;

    private static uint Digit(in RadixSortArgs a, uint number) => (number >> a.Shift) & (Digits - 1);

    private static ulong Counter(GpuThread t, in RadixSortArgs a, uint digit) =>
        a.Counters + (4 * (((ulong)digit * (ulong)a.Threads) + (ulong)t.GlobalIndex));
}
