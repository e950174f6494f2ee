namespace GpuSvm.Gpu;

/// <summary>Reads the encoded page tables of one address space, and remembers directory entries and translations.</summary>
/// <typeparam name="TFormat">The format of the tables.</typeparam>
/// <param name="memory">Where the tables lie.</param>
/// <param name="root">The root directory.</param>
/// <remarks>
/// Locking: a walk with its fills, and a drop, each run under the walker's lock. So a walk sees what the tables held before a drop and is
/// dropped with it, or it comes after the drop and sees what they hold now.
/// </remarks>
internal sealed class PageWalker<TFormat>(VideoMemory memory, PageDirectoryBase root)
    where TFormat : struct, IPageTableFormat
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly DirectoryCache[] _directories = MakeDirectoryCaches();
    private readonly SecondLevelTlb _tlb = new();

    private static int DirectoryDepths => TFormat.LevelCount - 1;

    /// <summary>Looks an address up in the shared TLB. Any thread, no lock.</summary>
    internal bool TryTranslate(ulong address, TranslationRights needed, out TranslationRights rights, out ulong target) =>
        _tlb.TryTranslate(address, needed, out rights, out target);

    /// <summary>Walks the tables for an address.</summary>
    internal Translation Walk(ulong address)
    {
        if (address >> TFormat.AddressBits != 0)
        {
            return Translation.Missing(FaultType.VaLimitViolation);
        }

        using (_lock.Enter())
        {
            Translation found = WalkDirectories(address);
            if (found.Kind == TranslationKind.Page)
            {
                _tlb.Fill(address, found.Rights, found.Target);
            }

            return found;
        }
    }

    /// <summary>Forgets page entries of a range, and directory entries of tables at a depth or deeper.</summary>
    internal void Drop(AddressRange range, int depth)
    {
        using (_lock.Enter())
        {
            for (int d = Math.Max(depth, 0); d < DirectoryDepths; d++)
            {
                _directories[d].Drop(range);
            }

            _tlb.Drop(range);
        }
    }

    private static DirectoryCache[] MakeDirectoryCaches()
    {
        var caches = new DirectoryCache[DirectoryDepths];
        for (int depth = 0; depth < caches.Length; depth++)
        {
            caches[depth] = new DirectoryCache(TFormat.Directory(depth).Shift);
        }

        return caches;
    }

    private Translation WalkDirectories(ulong address)
    {
        int depth = StartDepth(address, out TablePair tables);
        for (; depth < DirectoryDepths; depth++)
        {
            if (!TryReadDirectory(depth, tables.Table, address, out DecodedEntry entry))
            {
                return Translation.Missing(FaultType.Pde);
            }

            switch (entry.Kind)
            {
                case PageTableEntryKind.Table:
                    _directories[depth].Fill(address, entry.Tables);
                    tables = entry.Tables;
                    break;
                case PageTableEntryKind.Page:
                    return FromPage(entry, address);
                case PageTableEntryKind.Sparse:
                    return Translation.Sparse;
                default:
                    return Translation.Missing(FaultType.Pde);
            }
        }

        return WalkPageTables(tables, address);
    }

    /// <summary>The depth of the table to read next, and the table, by the deepest directory entry that is remembered.</summary>
    private int StartDepth(ulong address, out TablePair tables)
    {
        for (int depth = DirectoryDepths - 1; depth >= 0; depth--)
        {
            if (_directories[depth].TryFind(address, out tables))
            {
                return depth + 1;
            }
        }

        tables = new TablePair(root.Address);
        return 0;
    }

    /// <summary>The large page table counts first; where it has nothing to say the small one does.</summary>
    private Translation WalkPageTables(TablePair tables, ulong address)
    {
        if (tables.LargeTable != 0 && TryReadWord(TFormat.LargePageTable, tables.LargeTable, address, out ulong largeWord))
        {
            DecodedEntry large = TFormat.DecodeLargePage(largeWord);
            if (large.Kind != PageTableEntryKind.Invalid)
            {
                return FromLeaf(large, address);
            }
        }

        return tables.Table != 0 && TryReadWord(TFormat.SmallPageTable, tables.Table, address, out ulong word)
            ? FromLeaf(TFormat.DecodeSmallPage(word), address)
            : Translation.Missing(FaultType.Pde);
    }

    private static Translation FromLeaf(in DecodedEntry entry, ulong address) => entry.Kind switch
    {
        PageTableEntryKind.Page => FromPage(entry, address),
        PageTableEntryKind.Sparse => Translation.Sparse,
        _ => Translation.Missing(FaultType.Pte),
    };

    private static Translation FromPage(in DecodedEntry entry, ulong address)
    {
        if (entry.IsPrivileged)
        {
            return Translation.Missing(FaultType.PrivilegeViolation);
        }

        return entry.Aperture < Aperture.SystemCoherent
            ? Translation.UnsupportedAperture
            : Translation.Page(entry.Rights, Page.AlignDown(entry.Translate(address)));
    }

    private bool TryReadDirectory(int depth, ulong table, ulong address, out DecodedEntry entry)
    {
        TableLayout layout = TFormat.Directory(depth);
        if (!memory.TryWords(table, layout.SizeBytes, out Span<ulong> words))
        {
            entry = default;
            return false;
        }

        int index = layout.Index(address) * layout.EntryWords;
        ulong high = layout.EntryWords == 2 ? Volatile.Read(ref words[index + 1]) : 0;
        entry = TFormat.DecodeDirectory(depth, Volatile.Read(ref words[index]), high);
        return true;
    }

    private bool TryReadWord(TableLayout layout, ulong table, ulong address, out ulong word)
    {
        bool exists = memory.TryWords(table, layout.SizeBytes, out Span<ulong> words);
        word = exists ? Volatile.Read(ref words[layout.Index(address)]) : 0;
        return exists;
    }
}
