using GpuSvm.Telemetry;

namespace GpuSvm.Cli.Bench;

/// <summary>A benchmark of loads, one a page, on a sequential machine with one multiprocessor.</summary>
internal abstract class PagesBenchmark : Benchmark
{
    private readonly Machine _machine;
    private readonly SimulatedProcess _process;
    private readonly VirtualAddress _base;

    /// <summary>Builds a machine whose program has touched all pages.</summary>
    /// <param name="pages">Number of pages.</param>
    /// <param name="events">Where the machine tells what happens; null for nowhere.</param>
    protected PagesBenchmark(int pages, EventStream? events = null)
    {
        Pages = pages;
        Events = events;
        _machine = new Machine(new MachineOptions { Sms = 1, Events = events });
        _process = _machine.StartProcess();
        _base = _process.Map(Size, Protection.ReadWrite);
        for (int i = 0; i < pages; i++)
        {
            _process.Cpu(0).Store(_base + ((ulong)i * Page.Size), i);
        }
    }

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <summary>Number of pages.</summary>
    protected int Pages { get; }

    /// <summary>Where the machine tells what happens; null for nowhere.</summary>
    protected EventStream? Events { get; }

    private ByteSize Size => (ulong)Pages * Page.Size;

    /// <inheritdoc/>
    public override void Dispose() => _machine.Dispose();

    /// <summary>Has a block of threads load from every page, one page after the other by turns, and gives the time of the whole launch.</summary>
    protected double NanosecondsOf(int block, int rounds)
    {
        var args = new TouchArgs(_base, Pages, rounds);
        LaunchResult result = _machine.Gpu.LaunchAsync(_process, TouchAsync, grid: 1, block, args).GetAwaiter().GetResult();
        result.ThrowIfFailed();
        return result.Elapsed.TotalNanoseconds;
    }

    /// <summary>Drops the GPU's entries of all pages; the pages stay where they are.</summary>
    protected void TakePagesFromGpu()
    {
        _process.Protect(_base, Size, Protection.Read);
        _process.Protect(_base, Size, Protection.ReadWrite);
    }

    private static async GpuTask TouchAsync(GpuThread t, TouchArgs a)
    {
        for (int round = 0; round < a.Rounds; round++)
        {
            for (long page = t.GlobalIndex; page < a.Pages; page += t.GridSize)
            {
                // Another word of each page: else all words share one set of the host's cache, and the figure is that of the cache.
                await t.Load<int>(a.Base + (ulong)((page << 12) + ((page * 68) & 0xffc)));
            }
        }
    }

    private readonly record struct TouchArgs(VirtualAddress Base, long Pages, int Rounds);
}
