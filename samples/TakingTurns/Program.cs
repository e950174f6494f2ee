// Producer and consumer: while one kernel runs, the CPU fills a batch, the GPU squares it, the CPU takes it back, and so on.
// Whose turn it is says one word that both read and write; a store to it comes after all stores before it, on either side.
using GpuSvm;

if (SvmSession.Missing is { } missing)
{
    Console.Error.WriteLine(missing);
    return 3;
}

const int Batches = 200;
const int Items = 32;
await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
using SvmBuffer<long> items = svm.Allocate<long>(Items);
using SvmBuffer<long> turn = svm.Allocate<long>(2); // the turn, and how many items were squared
var words = new TurnsArgs(items.Address, turn.Address, turn.Address + 8);
Task<LaunchResult> consumer = svm.LaunchAsync(Kernels.Square, grid: 1, block: Items, words);

long sum = 0;
for (int batch = 0; batch < Batches && !consumer.IsCompleted; batch++)
{
    for (int i = 0; i < Items; i++)
    {
        items.Span[i] = (batch * Items) + i;
    }

    Volatile.Write(ref turn.Span[0], (2 * batch) + 1); // odd: the GPU's
    while (Volatile.Read(ref turn.Span[0]) != (2 * batch) + 2 && !consumer.IsCompleted)
    {
        Thread.Yield();
    }

    foreach (long square in items.Span)
    {
        sum += square;
    }
}

Volatile.Write(ref turn.Span[0], TurnsArgs.Ended);
(await consumer).ThrowIfFailed();

long expected = Enumerable.Range(0, Batches * Items).Sum(i => (long)i * i);
Console.WriteLine($"{Batches} turns each: the squares of {Batches * Items} numbers add up to {sum}");
return sum == expected ? 0 : 1;

internal static class Kernels
{
    // A thread for each item; whoever is last hands the turn back.
    public static async GpuTask Square(GpuThread t, TurnsArgs a)
    {
        VirtualAddress item = a.Items + (8 * (ulong)t.ThreadIndex);
        for (long mine = 1; ; mine += 2)
        {
            for (long now; (now = await t.Load<long>(a.Turn)) != mine;)
            {
                if (now == TurnsArgs.Ended)
                {
                    return;
                }

                await t.Yield(); // a kernel that waits lets others run
            }

            long value = await t.Load<long>(item);
            await t.Store(item, value * value);
            long squared = 1 + await t.AtomicAdd(a.Squared, 1L);
            if (squared % t.BlockSize == 0)
            {
                await t.Store(a.Turn, mine + 1); // even: the CPU's
            }
        }
    }
}

internal readonly record struct TurnsArgs(VirtualAddress Items, VirtualAddress Turn, VirtualAddress Squared)
{
    public const long Ended = -1;
}
