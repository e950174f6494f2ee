namespace GpuSvm.Gpu;

/// <summary>Reads the encoded page tables of one address space, and remembers directory entries and translations.</summary>
/// <typeparam name="TFormat">The format of the tables.</typeparam>
/// <param name="memory">Where the tables lie.</param>
/// <param name="root">The root directory.</param>
/// <param name="peers">The memory of other GPUs that is reached; null for none.</param>
/// <remarks>
/// Locking: a walk with its fills, and a drop, each run under the walker's lock. So a walk sees what the tables held before a drop and is
/// dropped with it, or it comes after the drop and sees what they hold now.
/// </remarks>
internal sealed class PageWalker<TFormat>(VideoMemory memory, PageDirectoryBase root, PeerWindow? peers = null)
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
            Translation found = Read(address);
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

    /// <summary>Reads on from the deepest directory entry that is remembered, and remembers what it reads.</summary>
    private Translation Read(ulong address)
    {
        int depth = StartDepth(address, out TablePair tables);
        var cursor = new PageTableCursor<TFormat>(memory, address, depth, tables);
        DecodedEntry entry;
        while (cursor.TryDescend(out entry))
        {
            _directories[depth].Fill(address, entry.Tables);
            depth = cursor.Depth;
        }

        return entry.Kind switch
        {
            PageTableEntryKind.Page => FromPage(entry, address),
            PageTableEntryKind.Sparse => Translation.Sparse,
            _ => Translation.Missing(depth < DirectoryDepths ? FaultType.Pde : FaultType.Pte),
        };
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

    private Translation FromPage(in DecodedEntry entry, ulong address)
    {
        if (entry.IsPrivileged)
        {
            return Translation.Missing(FaultType.PrivilegeViolation);
        }

        ulong target = Page.AlignDown(entry.Translate(address));
        return entry.Aperture switch
        {
            // What the IOMMU can never know must not be taken for video memory, be it a peer's.
            Aperture.SystemCoherent or Aperture.SystemNonCoherent when target >> Page.Shift < PeerWindow.FirstPage =>
                Translation.Page(entry.Rights, target),
            Aperture.VideoMemory when target < memory.SizeBytes =>
                Translation.Page(entry.Rights, target + (VideoMemory.WindowPage << Page.Shift)),
            Aperture.Peer => FromPeer(entry, target),
            _ => Translation.UnsupportedAperture,
        };
    }

    private Translation FromPeer(in DecodedEntry entry, ulong target)
    {
        int number = TFormat.TargetOf(entry.RawBits).Peer;
        return peers?.Find(number) is { } peer && target < peer.SizeBytes
            ? Translation.Page(entry.Rights, PeerWindow.TargetOf(number, target))
            : Translation.UnsupportedAperture;
    }
}
