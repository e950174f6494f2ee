using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Migration;

/// <summary>Threads of both sides count in the same pages, which go to and fro all the while: in the end every step is there.</summary>
/// <remarks>
/// <c>no-lost-update SECONDS native|exclusive roomy|tight|requested</c>: how atomics reach system memory; whether the GPU's memory holds all
/// pages, or half of them, or pages move only when the program asks for it, while kernels store to them. Each side goes through all pages, so
/// a page is touched by one while the other has it moved.
/// </remarks>
internal sealed class NoLostUpdate : ILiveProgram
{
    private const int Pages = 256;
    private const int CpuThreads = 2;
    private const int Rounds = 4;

    /// <summary>How long the first two launches may take.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public string Name => "no-lost-update";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        double seconds = double.Parse(args[0], CultureInfo.InvariantCulture);
        SystemAtomics atomics = args[1] == "native" ? SystemAtomics.Native : SystemAtomics.DeviceExclusive;
        bool isRequested = args[2] == "requested";
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = args[2] == "tight" ? ByteSize.KiB(700) : ByteSize.MiB(64),
            Strategy = isRequested ? MirrorStrategy.TableAligned : MirrorStrategy.SizedRanges,
            Execution = ExecutionMode.Parallel,
            SystemAtomics = atomics,
            Ranges = new SvmRangeOptions
            {
                Placement = isRequested ? SvmResidency.System : SvmResidency.Device,
                ChunkSizes = [ByteSize.KiB(64), ByteSize.KiB(4)],
                RetryLimit = EngineFixture.RetryLimit,
            },
        });
        VirtualAddress start = svm.MapAligned(Pages);
        await CountOnGpuAsync(svm, start, rounds: 0);
        long gpu = 0;
        var watch = Stopwatch.StartNew();
        bool mayRun() => watch.Elapsed.TotalSeconds < seconds || (Volatile.Read(ref gpu) < 2 * Rounds && watch.Elapsed < Most);
        var cpu = new long[CpuThreads];
        Thread[] threads = [.. from index in Enumerable.Range(0, CpuThreads) select new Thread(() => cpu[index] = Count(svm, start, index, mayRun))];
        Array.ForEach(threads, thread => thread.Start());
        long asked = 0;
        while (mayRun())
        {
            Task launch = CountOnGpuAsync(svm, start, Rounds);
            do
            {
                asked += (await svm.TryMigrateToDeviceAsync(start, Pages / 2 * Page.Size)).Pages;
            }
            while (isRequested && !launch.IsCompleted);

            await launch;
            Volatile.Write(ref gpu, gpu + Rounds);
        }

        Array.ForEach(threads, thread => thread.Join());
        MigrationCounters moved = (await svm.CountersAsync()).Migration;
        long shared = 0;
        for (int page = 0; page < Pages; page++)
        {
            for (int thread = 0; thread < CpuThreads; thread++)
            {
                Check.Equal(cpu[thread], Word(svm, start, page, thread), $"steps of CPU thread {thread} on page {page}");
            }

            for (int thread = 0; thread < CounterKernel.GpuThreads; thread++)
            {
                Check.Equal(gpu, Word(svm, start, page, CounterKernel.CpuWords + thread), $"steps of GPU thread {thread} on page {page}");
            }

            shared += Word(svm, start, page, CounterKernel.Shared);
        }

        Check.Equal(((gpu * CounterKernel.GpuThreads) + cpu.Sum()) * Pages, shared, "steps that all have taken together");
        Check.That(moved.PagesToDeviceByFault + asked > 0 && moved.PagesHomeByFault > 0, $"Pages have moved both ways: {moved}");
        await output.WriteLineAsync(
            $"{shared} shared steps, {cpu.Sum() * Pages} of them by the CPU; {moved.PagesToDeviceByFault} pages to the GPU by fault, {asked} by request, "
            + $"{moved.PagesHomeByFault} home by fault, {moved.PagesHomeByEviction} by eviction");
    }

    private static async Task CountOnGpuAsync(SvmSession svm, VirtualAddress start, int rounds) =>
        (await svm.LaunchAsync(CounterKernel.Add, grid: CounterKernel.GpuThreads, block: 1, new CounterArgs(start, Pages, rounds))).ThrowIfFailed();

    private static long Count(SvmSession svm, VirtualAddress start, int thread, Func<bool> mayRun)
    {
        long rounds = 0;
        for (; mayRun(); rounds++)
        {
            for (int i = 0; i < Pages; i++)
            {
                int page = (i + (thread * Pages / CpuThreads)) % Pages;
                Word(svm, start, page, thread)++;
                Interlocked.Increment(ref Word(svm, start, page, CounterKernel.Shared));
            }
        }

        return rounds;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ref long Word(SvmSession svm, VirtualAddress start, int page, int word) =>
        ref svm.Span<long>(CounterKernel.At(start, page, word), 1)[0];
}
