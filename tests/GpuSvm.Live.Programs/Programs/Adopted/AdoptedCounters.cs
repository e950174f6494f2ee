using System.Globalization;
using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Programs.Adopted;

/// <summary>Threads of both sides count in the same pages of private memory, which move to and fro meanwhile: no count is lost.</summary>
internal sealed unsafe class AdoptedCounters : ILiveProgram
{
    private const int Pages = 48;
    private const int Threads = 32;
    private const int Rounds = 100;
    private const int FirstOfCpu = 64;

    /// <inheritdoc/>
    public string Name => "adopted-counters";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = ByteSize.MiB(16),
            Execution = ExecutionMode.Parallel,
            Ranges = new SvmRangeOptions
            {
                Placement = SvmResidency.Device,
                ChunkSizes = [ByteSize.KiB(64), Page.Size],
                Timeslice = TimeSpan.Zero,
                RetryLimit = Infrastructure.EngineFixture.RetryLimit,
            },
        }).GetAwaiter().GetResult();
        long* words = (long*)NativeMemory.AlignedAlloc(Pages * 4096, 4096);
        new Span<long>(words, Pages * 512).Clear();
        AdoptedMemory adopted = svm.Adopt((ulong)words, Pages * 4096);
        CountOnGpu(svm, words, rounds: 0);
        Deadline end = Clock.Monotonic.After(TimeSpan.FromSeconds(double.Parse(args[0], CultureInfo.InvariantCulture)));
        int stop = 0;
        long[] counted = new long[2];
        SvmThread[] counters =
        [
            .. Enumerable.Range(0, counted.Length).Select(number => SvmThread.Start("counter", () => counted[number] = Count(words, number, ref stop))),
        ];
        long launches = 0;
        do
        {
            CountOnGpu(svm, words, Rounds);
            launches++;
        }
        while (!end.HasPassed || launches < 2);

        Volatile.Write(ref stop, 1);
        Array.ForEach(counters, counter => counter.Join());
        MigrationCounters moved = svm.CountersAsync().GetAwaiter().GetResult().Migration;
        for (int number = 0; number < counted.Length; number++)
        {
            Check.Equal(counted[number], Total(words, FirstOfCpu + number), $"counts of CPU thread {number}");
        }

        for (int number = 0; number < Threads; number++)
        {
            Check.Equal(launches * Rounds, Total(words, 1 + number), $"counts of GPU thread {number}");
        }

        Check.Equal(counted.Sum() + (launches * Rounds * Threads), Total(words, 0), "counts of all");
        Check.That(moved.PagesToDeviceByFault > 0 && moved.PagesHomeByFault > 0, "Pages moved both ways.");
        output.WriteLine($"{launches} launches, {counted.Sum()} counts of the CPU, {moved.PagesToDeviceByFault} pages to the GPU, {moved.PagesHomeByFault} home");
        adopted.Dispose();
        svm.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return Task.CompletedTask;
    }

    private static void CountOnGpu(SvmSession svm, long* words, int rounds) =>
        svm.LaunchAsync(AdoptedKernels.Count, 1, Threads, new CountArgs((ulong)words, Pages, rounds)).GetAwaiter().GetResult().ThrowIfFailed();

    private static long Count(long* words, int number, ref int stop)
    {
        long counts = 0;
        for (int page = number; Volatile.Read(ref stop) == 0; page = (page + 7) % Pages)
        {
            long* first = words + (page * 512);
            for (int i = 0; i < 50; i++)
            {
                Volatile.Write(ref first[FirstOfCpu + number], Volatile.Read(ref first[FirstOfCpu + number]) + 1);
                Interlocked.Increment(ref *first);
                counts++;
            }
        }

        return counts;
    }

    private static long Total(long* words, int index)
    {
        long total = 0;
        for (int page = 0; page < Pages; page++)
        {
            total += words[(page * 512) + index];
        }

        return total;
    }
}
