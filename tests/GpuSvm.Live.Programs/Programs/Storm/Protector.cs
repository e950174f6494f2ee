namespace GpuSvm.Live.Programs.Storm;

/// <summary>Takes write access to pages away from the threads that touch them, so that their stores fault.</summary>
internal sealed class Protector(string name, int seed, IStormMemory memory, VirtualAddress address, int pages) : StormWorker(name, seed)
{
    private const int MostAtOnce = 32;

    /// <inheritdoc/>
    protected override void Step()
    {
        int first = Random.Next(pages);
        memory.WriteProtect(address + ((ulong)first << Page.Shift), Math.Min(1 + Random.Next(MostAtOnce), pages - first));
    }
}
