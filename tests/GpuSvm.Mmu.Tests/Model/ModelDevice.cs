using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>A device that remembers as much as it may: directory entries, pages, sparse entries and "no small pages".</summary>
/// <remarks>What it remembers has to be what the tables say, whenever no call is running; and nothing is freed that it remembers.</remarks>
internal sealed class ModelDevice<TFormat>(ModelTableMemory memory) : ITlbInvalidator, IInstanceBinder
    where TFormat : struct, IPageTableFormat
{
    private const int MostEntries = 96;

    private readonly Dictionary<(int Depth, ulong Place), TablePair> _tables = [];
    private readonly Dictionary<ulong, (DecodedEntry Entry, int Depth)> _leaves = [];

    public HashSet<ulong> Instances { get; } = [];

    public long Flushes { get; private set; }

    public PageDirectoryBase Root { get; set; }

    /// <summary>What the device finds, with all that it remembers; compared with what the tables say.</summary>
    public void Compare(ulong address, DecodedEntry fresh)
    {
        DecodedEntry found = Find(address);
        bool agrees = found.Kind == fresh.Kind &&
            (found.Kind != PageTableEntryKind.Page ||
            (found.Address == fresh.Address && found.Shift == fresh.Shift && found.Aperture == fresh.Aperture &&
            found.Attributes == fresh.Attributes && (found.Rights & ~fresh.Rights) == 0));
        if (!agrees)
        {
            throw new DisagreementException($"0x{address:x}: the device still sees {found}, the tables say {fresh}");
        }
    }

    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth)
    {
        Flushes++;
        if (root != Root || range.IsEmpty)
        {
            throw new DisagreementException($"flush of {range}");
        }

        foreach ((int at, ulong place) in _tables.Keys)
        {
            int shift = TFormat.Directory(at - 1).Shift;
            if (at - 1 >= depth && place <= (range.End.Value - 1) >> shift && place >= range.Start.Value >> shift)
            {
                _tables.Remove((at, place));
            }
        }

        foreach ((ulong page, (DecodedEntry entry, int at)) in _leaves)
        {
            int shift = entry.Shift;
            if (at >= depth && page >> shift <= (range.End.Value - 1) >> shift && page >> shift >= range.Start.Value >> shift)
            {
                _leaves.Remove(page);
            }
        }
    }

    public Errno Bind(ulong instance, PageDirectoryBase root, AddressRange bounds) =>
        Instances.Add(instance) ? Errno.None : Errno.EEXIST;

    public void Unbind(ulong instance)
    {
        if (!Instances.Remove(instance))
        {
            throw new DisagreementException($"instance {instance} is not bound");
        }
    }

    /// <summary>A table is freed: nobody may know it any more.</summary>
    public void Forget(ulong table)
    {
        if (table == Root.Address && Instances.Count > 0)
        {
            throw new DisagreementException("the root is freed while instances are bound");
        }

        foreach (TablePair pair in _tables.Values)
        {
            if (pair.Table == table || pair.LargeTable == table)
            {
                throw new DisagreementException($"the table at 0x{table:x} is freed before the device forgot it");
            }
        }
    }

    /// <summary>A DMA mapping is undone: no page may name it any more.</summary>
    public void Forget(ulong address, ulong size)
    {
        foreach ((DecodedEntry entry, _) in _leaves.Values)
        {
            bool isHost = entry.Kind == PageTableEntryKind.Page && entry.Aperture >= Aperture.SystemCoherent;
            if (isHost && entry.Address >= address && entry.Address < address + size)
            {
                throw new DisagreementException($"dma:0x{address:x} is unmapped before the device forgot it");
            }
        }
    }

    private DecodedEntry Find(ulong address)
    {
        if (_leaves.TryGetValue(Page.AlignDown(address), out (DecodedEntry Entry, int) known))
        {
            return known.Entry;
        }

        if (_tables.Count + _leaves.Count > MostEntries)
        {
            _tables.Clear();
            _leaves.Clear();
        }

        var cursor = new PageTableCursor<TFormat>(memory, address, 0, new TablePair(Root.Address));
        for (int depth = TFormat.LevelCount - 1; depth > 0; depth--)
        {
            if (_tables.TryGetValue((depth, address >> TFormat.Directory(depth - 1).Shift), out TablePair tables))
            {
                cursor = new PageTableCursor<TFormat>(memory, address, depth, tables);
                break;
            }
        }

        DecodedEntry entry;
        while (cursor.TryDescend(out entry))
        {
            _tables[(cursor.Depth, address >> TFormat.Directory(cursor.Depth - 1).Shift)] = cursor.Tables;
        }

        if (entry.Kind is PageTableEntryKind.Page or PageTableEntryKind.Sparse || HasNoSmallPages(cursor, address))
        {
            int shift = HasNoSmallPages(cursor, address) ? TFormat.LargePageTable.Shift : entry.Shift;
            _leaves[Page.AlignDown(address)] = (entry with { Shift = (byte)shift }, cursor.Depth);
        }

        return entry;
    }

    private bool HasNoSmallPages(in PageTableCursor<TFormat> cursor, ulong address) =>
        cursor.Depth == TFormat.LevelCount - 1 && cursor.Tables.LargeTable != 0 &&
        TFormat.DecodeLargePage(
            memory.Words(cursor.Tables.LargeTable, TFormat.LargePageTable.SizeBytes)[TFormat.LargePageTable.Index(address)]).Kind ==
            PageTableEntryKind.NoSmallPages;
}
