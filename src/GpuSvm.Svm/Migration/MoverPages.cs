namespace GpuSvm.Svm;

/// <summary>What all ways of moving pages do with the words of a migration.</summary>
internal static class MoverPages
{
    /// <summary>Drops the device's own entries for the pages that move, run by run.</summary>
    /// <param name="memory">The device's memory.</param>
    /// <param name="space">Whose pages.</param>
    /// <param name="migration">The migration, set up.</param>
    /// <param name="isWanted">Which of the pages that were collected are to move.</param>
    public static void DropEntries(DeviceMemory memory, AddressSpace space, MigrateVma migration, Func<MigratePfn, bool> isWanted)
    {
        if (Breaks.OwnerEventSkipped)
        {
            return;
        }

        ulong start = migration.Range.Start;
        int first = -1;
        int pages;
        for (int i = 0; i <= migration.Source.Length; i += pages)
        {
            MigratePfn source = i < migration.Source.Length ? migration.Source[i] : default;
            pages = DeviceMemory.PagesOf(source);
            bool moves = source.Migrates && isWanted(source);
            if (moves && first < 0)
            {
                first = i;
            }
            else if (!moves && first >= 0)
            {
                memory.Operations.DropEntries(space, RunOf(start, first, i));
                first = -1;
            }
        }
    }

    /// <summary>Number of pages that were given a place.</summary>
    public static int CountGiven(ReadOnlySpan<MigratePfn> destinations)
    {
        int count = 0;
        foreach (MigratePfn destination in destinations)
        {
            count += destination.IsValid ? DeviceMemory.PagesOf(destination) : 0;
        }

        return count;
    }

    /// <summary>Number of pages that have moved, after Complete.</summary>
    public static int CountMoved(ReadOnlySpan<MigratePfn> sources)
    {
        int count = 0;
        foreach (MigratePfn source in sources)
        {
            count += source.Migrates ? DeviceMemory.PagesOf(source) : 0;
        }

        return count;
    }

    private static AddressRange RunOf(ulong start, int first, int end) =>
        new(start + ((ulong)first * Page.Size), start + ((ulong)end * Page.Size));
}
