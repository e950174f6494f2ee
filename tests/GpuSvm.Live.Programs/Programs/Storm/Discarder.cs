namespace GpuSvm.Live.Programs.Storm;

/// <summary>Takes pages away from the threads that touch them, by MADV_DONTNEED.</summary>
internal sealed class Discarder(string name, int seed, StormPage[] pages) : StormWorker(name, seed)
{
    private const int MostAtOnce = 8;

    /// <inheritdoc/>
    protected override void Step()
    {
        int first = Random.Next(pages.Length);
        ArraySegment<StormPage> run = new(pages, first, Math.Min(1 + Random.Next(MostAtOnce), pages.Length - first));
        foreach (StormPage page in run)
        {
            page.BeginDiscard();
        }

        Touching.Discard(run[0].Address, run.Count);
        foreach (StormPage page in run)
        {
            page.EndDiscard();
        }
    }
}
