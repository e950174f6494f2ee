namespace GpuSvm.Live.Programs.Storm;

/// <summary>Writes its own pages and reads them again, byte for byte.</summary>
internal sealed class Toucher(string name, int seed, StormPage[] pages) : StormWorker(name, seed)
{
    private long _touches;

    /// <summary>Number of loads and stores so far.</summary>
    public long Touches => Interlocked.Read(ref _touches);

    /// <summary>Faults of pages without an entry, about.</summary>
    public long FoundAbsent => pages.Sum(page => page.FoundAbsent);

    /// <summary>Faults of write-protected pages, about.</summary>
    public long FoundProtected => pages.Sum(page => page.FoundProtected);

    /// <inheritdoc/>
    protected override void Step()
    {
        StormPage page = pages[Random.Next(pages.Length)];
        page.Verify();
        page.Write();
        page.Verify();
        Interlocked.Add(ref _touches, 3 * StormPage.Words);
    }
}
