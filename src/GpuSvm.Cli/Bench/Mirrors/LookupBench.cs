using GpuSvm.Driver;
using GpuSvm.Gpu;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary>Intervals of one strategy, and threads that acquire and release them: no fault is served.</summary>
/// <remarks>Mappings of a page each, 1 GiB apart, so that every strategy that keeps intervals has as many of them.</remarks>
internal sealed class LookupBench : IDisposable
{
    /// <summary>The most threads: as many workers as a driver has.</summary>
    public const int MostThreads = 16;

    private const ulong Apart = 1UL << 30;
    private const int Lookups = 10_000;

    private readonly SystemMemory _memory = new(64);
    private readonly PageFrames _frames;
    private readonly SoftwareGpu _gpu;
    private readonly AddressSpace _space;
    private readonly SvmDriver _driver;
    private readonly AddressRange[] _pages;
    private IMirrorStrategy? _strategy;
    private int _ready;
    private int _wrong;

    /// <summary>Makes the intervals.</summary>
    /// <param name="strategy">Makes the strategy.</param>
    /// <param name="intervals">How many: at most 100,000.</param>
    public LookupBench(Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy, int intervals)
    {
        _frames = new PageFrames(_memory, new PageFramesOptions());
        _space = new AddressSpace(_frames, new SimulatedCpu(_memory, 1), new AddressSpaceOptions { VmaLimit = 200_000 });
        _gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions { Sms = 1, VideoMemory = ByteSize.MiB(16) });
        _driver = new SvmDriver(_gpu, new SvmDriverOptions
        {
            Workers = MostThreads,
            Strategy = (mm, mirror) => _strategy = strategy(mm, mirror),
        });
        MirrorMachine.Require(_driver.TryOpen(_space, out _));
        _pages = [.. Enumerable.Range(1, intervals).Select(i => AddressRange.PageAt((ulong)i * Apart))];
        foreach (AddressRange page in _pages)
        {
            MirrorMachine.Require(_space.Map(page.Start, Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
            MirrorMachine.Require(_strategy!.TryAcquire(page, worker: 0, out MirrorInterval interval));
            _strategy.Release(interval);
        }

        new SeededRandom(1).Shuffle(_pages.AsSpan());
    }

    /// <summary>Looks intervals up in random order.</summary>
    /// <param name="threads">Number of threads; each looks up others, if there are as many.</param>
    /// <returns>Nanoseconds from the first look-up to the last one of all threads, over the number of look-ups of one.</returns>
    public double Run(int threads)
    {
        SharedWord.Write(ref _ready, 0);
        long start = 0;
        SvmThread[] all = [.. Enumerable.Range(0, threads).Select(worker => SvmThread.Start($"look-up {worker}", () =>
        {
            if (SharedWord.Add(ref _ready, 1) == threads)
            {
                start = Clock.Monotonic.NowNanoseconds;
            }

            var spin = default(Spin);
            while (SharedWord.Read(ref _ready) < threads)
            {
                spin.Once();
            }

            LookUp(worker, threads);
        }))];
        Array.ForEach(all, thread => thread.Join());
        double elapsed = Clock.Monotonic.NowNanoseconds - start;
        return _wrong == 0 ? elapsed / Lookups : throw new InvalidOperationException($"{_wrong} look-ups found no interval.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.Dispose();
        _space.Dispose();
        _gpu.Dispose();
        _frames.Dispose();
        _memory.Dispose();
    }

    private void LookUp(int worker, int threads)
    {
        AddressRange[] pages = _pages;
        IMirrorStrategy strategy = _strategy!;
        int wrong = 0;
        int at = worker % pages.Length;
        for (int i = 0; i < Lookups; i++)
        {
            wrong += strategy.TryAcquire(pages[at], worker, out MirrorInterval interval) == Errno.None ? 0 : 1;
            strategy.Release(interval);
            at = at + threads < pages.Length ? at + threads : worker % pages.Length;
        }

        SharedWord.Add(ref _wrong, wrong);
    }
}
