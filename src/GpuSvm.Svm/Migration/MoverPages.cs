namespace GpuSvm.Svm;

/// <summary>What all ways of moving pages do with the words of a migration.</summary>
internal static class MoverPages
{
    /// <summary>The next part of a range that a migration takes at once: of one mapping, and one leaf of the page table.</summary>
    /// <param name="space">The address space, whose mmap lock is held.</param>
    /// <param name="range">All that is to be moved.</param>
    /// <param name="address">Where the part may begin; on return the address behind it.</param>
    /// <param name="window">The part.</param>
    /// <returns>False when nothing is mapped any more up to the end of the range.</returns>
    public static bool TryNextWindow(AddressSpace space, AddressRange range, ref ulong address, out AddressRange window)
    {
        Vma? vma = space.NextVma(address);
        if (vma is null || vma.Range.Start >= range.End)
        {
            address = range.End;
            window = default;
            return false;
        }

        ulong start = Math.Max(address, vma.Range.Start);
        address = Math.Min(Math.Min(vma.Range.End, range.End), HugePage.AlignDown(start) + HugePage.Size);
        window = new AddressRange(start, address);
        return true;
    }

    /// <summary>True for a page that lives in a device's memory.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="source">A page of a migration.</param>
    /// <param name="word">What stands behind the page; null for anything.</param>
    public static bool IsOf(DeviceMemory memory, MigratePfn source, ulong? word) =>
        source.Migrates && source.IsValid && memory.TryGetDevicePage(source.Frame, out _) &&
        (word is not { } wanted || memory.Pagemap.DataOf(source.Frame) == wanted);

    /// <summary>Drops the device's entries for all pages that move, run by run.</summary>
    /// <param name="memory">The device's memory.</param>
    /// <param name="space">Whose pages.</param>
    /// <param name="range">The pages of the migration.</param>
    /// <param name="sources">What moves of them.</param>
    public static void DropAll(DeviceMemory memory, AddressSpace space, AddressRange range, ReadOnlySpan<MigratePfn> sources) =>
        Drop(memory, space, range, sources, null, static (_, source, _) => source.Migrates);

    /// <summary>Drops the device's entries for the pages of its own memory that move, run by run.</summary>
    /// <param name="memory">The device's memory.</param>
    /// <param name="space">Whose pages.</param>
    /// <param name="range">The pages of the migration.</param>
    /// <param name="sources">What moves of them.</param>
    /// <param name="word">Which of the pages, as for <see cref="IsOf"/>.</param>
    public static void DropOwn(DeviceMemory memory, AddressSpace space, AddressRange range, ReadOnlySpan<MigratePfn> sources, ulong? word) =>
        Drop(memory, space, range, sources, word, IsOf);

    /// <summary>Number of pages that were given a place.</summary>
    public static int CountGiven(ReadOnlySpan<MigratePfn> destinations)
    {
        int count = 0;
        for (int i = 0, pages; i < destinations.Length; i += pages)
        {
            pages = DeviceMemory.PagesOf(destinations[i]);
            count += destinations[i].IsValid ? pages : 0;
        }

        return count;
    }

    /// <summary>Number of pages that move; after Complete, that have moved.</summary>
    public static int CountMoving(ReadOnlySpan<MigratePfn> sources)
    {
        int count = 0;
        for (int i = 0, pages; i < sources.Length; i += pages)
        {
            pages = DeviceMemory.PagesOf(sources[i]);
            count += sources[i].Migrates ? pages : 0;
        }

        return count;
    }

    private static void Drop(
        DeviceMemory memory,
        AddressSpace space,
        AddressRange range,
        ReadOnlySpan<MigratePfn> sources,
        ulong? word,
        Func<DeviceMemory, MigratePfn, ulong?, bool> isWanted)
    {
        if (Breaks.OwnerEventSkipped)
        {
            return;
        }

        int first = -1;
        int pages;
        for (int i = 0; i <= sources.Length; i += pages)
        {
            MigratePfn source = i < sources.Length ? sources[i] : default;
            pages = DeviceMemory.PagesOf(source);
            bool moves = isWanted(memory, source, word);
            if (moves && first < 0)
            {
                first = i;
            }
            else if (!moves && first >= 0)
            {
                memory.Operations.DropEntries(space, RunOf(range.Start, first, i));
                first = -1;
            }
        }
    }

    private static AddressRange RunOf(ulong start, int first, int end) =>
        new(start + ((ulong)first * Page.Size), start + ((ulong)end * Page.Size));
}
