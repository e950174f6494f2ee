namespace GpuSvm.Live.Programs.Storm;

/// <summary>Allocates, keeps some of it for a while, and now and then something large.</summary>
internal sealed class Allocator(string name, int seed) : StormWorker(name, seed)
{
    private const int LargeBytes = 200_000;
    private readonly byte[]?[] _kept = new byte[1024][];

    /// <inheritdoc/>
    protected override void Step()
    {
        for (int i = 0; i < 256; i++)
        {
            int bytes = Random.Next(1000) == 0 ? LargeBytes : Random.Next(2000);
            _kept[Random.Next(_kept.Length)] = new byte[bytes];
        }

        Thread.Sleep(1);
    }
}
