namespace GpuSvm.Live.Programs.Storm;

/// <summary>Maps pages, writes them, unmaps some, checks the others, unmaps those. Several of these get each other's addresses.</summary>
internal sealed class Unmapper(string name, int seed, IStormMemory memory) : StormWorker(name, seed)
{
    private const int Pages = 8;

    /// <inheritdoc/>
    protected override void Step()
    {
        VirtualAddress address = memory.Map(Pages);
        StormPage[] pages = [.. from i in Enumerable.Range(0, Pages) select new StormPage(i, address + ((ulong)i << Page.Shift))];
        Array.ForEach(pages, page => page.Verify());
        Array.ForEach(pages, page => page.Write());
        int start = Random.Next(Pages);
        int end = start + 1 + Random.Next(Pages - start);
        memory.Unmap(pages[start].Address, end - start);
        Array.ForEach(pages[..start], page => page.Verify());
        Array.ForEach(pages[end..], page => page.Verify());
        if (start > 0)
        {
            memory.Unmap(address, start);
        }

        if (end < Pages)
        {
            memory.Unmap(pages[end].Address, Pages - end);
        }
    }
}
