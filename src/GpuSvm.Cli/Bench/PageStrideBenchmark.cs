namespace GpuSvm.Cli.Bench;

/// <summary>Loads of one word a page, over more pages than a TLB holds, all mapped: each load misses. Time of one load.</summary>
/// <param name="name">What the number of pages makes of it.</param>
/// <param name="pages">Number of pages: beyond the multiprocessor's TLB, or beyond the shared one too.</param>
internal sealed class PageStrideBenchmark(string name, int pages) : PagesBenchmark(pages)
{
    private const int Rounds = 64;

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override double RunOnce() => NanosecondsOf(block: 1, Rounds) / ((double)Rounds * Pages);
}
