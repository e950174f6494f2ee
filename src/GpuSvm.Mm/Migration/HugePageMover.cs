namespace GpuSvm.Mm;

/// <summary>What a migration does with huge pages that are locked, which move as one or are split on the way. One thread's tool.</summary>
/// <remarks>
/// A huge page has one entry, in one address space; who splits it meanwhile holds the lock of that entry's page table.
/// Source: Linux 7.0 mm/migrate_device.c.
/// </remarks>
internal sealed class HugePageMover(PageFrames frames, PageMover pages)
{
    private readonly List<FrameMapping> _places = [];

    /// <summary>Splits a huge page, which the caller has locked, where it is mapped.</summary>
    /// <returns>True if it is not huge any more. Else no entry names it.</returns>
    public bool TrySplit(FrameNumber head)
    {
        if (TableOf(head, out FrameMapping place, out AddressSpace? space) is { } leaf)
        {
            using (leaf.Lock.Enter())
            {
                CpuPte pte = leaf.Read(place.Page);
                if (leaf.IsHuge && pte.NamesFrame && pte.Frame == head)
                {
                    space!.SplitLocked(leaf, place.Page);
                }
            }
        }

        return !frames.IsHuge(head);
    }

    /// <summary>Ends the migration of a huge page, as <see cref="PageMover.Complete"/> does that of another.</summary>
    /// <returns>False when it has been split: then its pages are ended one by one.</returns>
    public bool TryComplete(ref MigratePfn source, MigratePfn destination)
    {
        FrameNumber head = source.Frame;
        FrameNumber target = source.Migrates && !Breaks.MigrateNoop ? destination.Frame : head;
        bool isRestored = false;
        var spin = default(Spin);
        for (int round = 0; round < PageMover.RestoreRounds && !isRestored; round++)
        {
            frames.CopyMappings(head, _places);
            foreach (FrameMapping place in _places)
            {
                isRestored |= TryRestoreAt(head, target, place);
            }

            if (!isRestored && !frames.IsHuge(head))
            {
                return false;
            }

            if (_places.Count == 0)
            {
                break;
            }

            // A place without an entry: a remap is about to enter it there, or an unmap to forget the place.
            spin.Once();
        }

        source = isRestored ? source : source.Staying();
        pages.GiveUp(destination);
        return true;
    }

    /// <summary>Writes the pages of a huge page one by one when it has been split since it was collected.</summary>
    /// <param name="source">The 512 words of a block.</param>
    /// <param name="destination">Likewise; a huge page for one that moves is split too.</param>
    /// <remarks>
    /// Its one reference and its lock, which were the migration's, have become those of each page. Under the lock of the page table that
    /// the split was made under: so it is known then.
    /// </remarks>
    public void Part(Span<MigratePfn> source, Span<MigratePfn> destination)
    {
        MigratePfn whole = source[0];
        if (!whole.IsCompound || !whole.IsValid || frames.IsHuge(whole.Frame))
        {
            return;
        }

        MigratePfn target = destination[0];
        bool isParted = whole.Migrates && target.IsCompound;
        if (isParted)
        {
            frames.SplitHuge(target.Frame);
        }

        for (int i = 0; i < source.Length; i++)
        {
            source[i] = whole.PageAt(i);
            destination[i] = isParted ? target.PageAt(i) : destination[i];
        }
    }

    private bool TryRestoreAt(FrameNumber head, FrameNumber target, FrameMapping place)
    {
        if (frames.TableAt(place, out AddressSpace? space) is not { } leaf)
        {
            return false;
        }

        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(place.Page);
            bool isThere = frames.IsHuge(head) && PageMover.IsMigrationOf(pte, head);
            if (isThere)
            {
                frames.Get(target);
                pages.Replace(space!, leaf, place.Page, pte, target);
            }

            return isThere;
        }
    }

    /// <summary>The table where a huge page is mapped, or was a moment ago; null for none.</summary>
    private CpuLeaf? TableOf(FrameNumber head, out FrameMapping place, out AddressSpace? space)
    {
        frames.CopyMappings(head, _places);
        place = _places.Count == 1 ? _places[0] : default;
        space = null;
        return _places.Count == 1 && HugePage.IsAligned(place.Page) ? frames.TableAt(place, out space) : null;
    }
}
