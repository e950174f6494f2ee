using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary>Work that every strategy is given: pages that the GPU faults on, then changes by the CPU.</summary>
/// <param name="Name">How tables name it.</param>
/// <param name="Pages">Number of pages that it may come to touch, for a size: a range that is brought in whole touches more than what faults.</param>
/// <param name="Prepare">Maps and touches, and gives the pages that fault, in order.</param>
/// <param name="Change">Makes the changes, and gives their number.</param>
internal sealed record MirrorWork(
    string Name, Func<int, int> Pages, Func<MirrorMachine, int, ulong[]> Prepare, Func<MirrorMachine, ulong[], int> Change)
{
    private const ulong HugeBlock = 2 << 20;

    /// <summary>All work.</summary>
    public static IReadOnlyList<MirrorWork> All { get; } =
    [
        new("one mapping, dense", size => size, PrepareDense, DiscardEach),
        new("one mapping, sparse", size => BlocksOf(size) * HugePage.PageCount, PrepareSparse, DiscardEach),
        new("many mappings", size => size, PrepareMappings, UnmapEach),
        new("one mapping, holes", size => size, PrepareDense, UnmapEverySecond),
        new("changes beside", size => 2 * size, PrepareTwo, DiscardBeside),
        new("fork", size => size, PrepareMappings, Fork),
    ];

    /// <summary>Pages that follow each other, in one mapping.</summary>
    private static ulong[] PrepareDense(MirrorMachine machine, int size)
    {
        machine.Map(MirrorMachine.Base, (ulong)size);
        return Touched(machine, size, Page.Size);
    }

    /// <summary>The first page of every 2 MiB of one mapping.</summary>
    private static ulong[] PrepareSparse(MirrorMachine machine, int size)
    {
        int blocks = BlocksOf(size);
        machine.Map(MirrorMachine.Base, (ulong)blocks * HugeBlock / Page.Size);
        return Touched(machine, blocks, HugeBlock);
    }

    /// <summary>Mappings of a page each, with a hole of a page in between.</summary>
    private static ulong[] PrepareMappings(MirrorMachine machine, int size)
    {
        for (int i = 0; i < size; i++)
        {
            machine.Map(MirrorMachine.Base + ((ulong)i * 2 * Page.Size), 1);
        }

        return Touched(machine, size, 2 * Page.Size);
    }

    /// <summary>Two mappings side by side; the GPU faults on the first one's pages only.</summary>
    private static ulong[] PrepareTwo(MirrorMachine machine, int size)
    {
        ulong[] pages = PrepareDense(machine, size);
        ulong other = BesideOf(pages);
        machine.Map(other, (ulong)size);
        machine.Touch([.. Enumerable.Range(0, size).Select(i => other + ((ulong)i * Page.Size))]);
        return pages;
    }

    private static int DiscardEach(MirrorMachine machine, ulong[] pages)
    {
        foreach (ulong page in pages)
        {
            MirrorMachine.Require(machine.Space.Discard(page, Page.Size));
        }

        return pages.Length;
    }

    private static int DiscardBeside(MirrorMachine machine, ulong[] pages)
    {
        ulong other = BesideOf(pages);
        for (int i = 0; i < pages.Length; i++)
        {
            MirrorMachine.Require(machine.Space.Discard(other + ((ulong)i * Page.Size), Page.Size));
        }

        return pages.Length;
    }

    private static int UnmapEach(MirrorMachine machine, ulong[] pages)
    {
        foreach (ulong page in pages)
        {
            MirrorMachine.Require(machine.Space.Unmap(page, Page.Size));
        }

        return pages.Length;
    }

    private static int UnmapEverySecond(MirrorMachine machine, ulong[] pages)
    {
        for (int i = 1; i < pages.Length; i += 2)
        {
            MirrorMachine.Require(machine.Space.Unmap(pages[i], Page.Size));
        }

        return pages.Length / 2;
    }

    /// <summary>One fork: an invalidation for each mapping.</summary>
    private static int Fork(MirrorMachine machine, ulong[] pages)
    {
        machine.Fork();
        return pages.Length;
    }

    private static int BlocksOf(int size) => Math.Max(1, size / 32);

    private static ulong BesideOf(ulong[] pages) => pages[^1] + (2 * Page.Size);

    private static ulong[] Touched(MirrorMachine machine, int count, ulong stride)
    {
        ulong[] pages = [.. Enumerable.Range(0, count).Select(i => MirrorMachine.Base + ((ulong)i * stride))];
        machine.Touch(pages);
        return pages;
    }
}
