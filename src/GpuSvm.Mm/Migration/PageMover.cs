namespace GpuSvm.Mm;

/// <summary>What a migration does with entries of a locked page wherever they are, in any address space. One thread's tool.</summary>
/// <remarks>
/// The places come from the reverse map. Each entry is looked at under its own page-table lock, and a walk is repeated until it has found
/// what it wants: fork and remap may have copied or moved an entry meanwhile.
/// Source: Linux mm/rmap.c, try_to_migrate; mm/migrate.c, remove_migration_ptes.
/// </remarks>
internal sealed class PageMover(PageFrames frames)
{
    private const int UnmapRounds = 8;
    public const int RestoreRounds = 1 << 20;
    private readonly List<FrameMapping> _places = [];

    /// <summary>True if the last entry that <see cref="TryUnmap"/> replaced was that of a huge page.</summary>
    public bool HasUnmappedHuge { get; private set; }

    /// <summary>Puts migration entries in place of all entries that map a page. Their references are given back.</summary>
    /// <param name="frame">The page's frame: locked, and with one reference of the caller.</param>
    /// <param name="otherReferences">References of others that do not hold the page where it is: of who waits for it to come home.</param>
    /// <returns>False when the page must stay: an entry could not be replaced, or somebody relies on the frame.</returns>
    /// <remarks>Opens an invalidation of cause <see cref="InvalidationCause.Clear"/> for each place.</remarks>
    public bool TryUnmap(FrameNumber frame, int otherReferences)
    {
        HasUnmappedHuge = false;
        var spin = default(Spin);
        for (int round = 0; round < UnmapRounds && frames.MapCount(frame) > 0; round++)
        {
            if (round > 0)
            {
                spin.Once();
            }

            frames.CopyMappings(frame, _places);
            foreach (FrameMapping place in _places)
            {
                UnmapAt(frame, place);
            }
        }

        return frames.MapCount(frame) == 0 && (Breaks.PinnedPageMoved || frames.ReferenceCount(frame) == 1 + otherReferences);
    }

    /// <summary>Takes a page from the CPUs of all places but one: no access completes through an old translation.</summary>
    /// <remarks>Of a page that it cannot reach, since that lives in a device's own memory, a CPU knows nothing.</remarks>
    public void Detach(FrameNumber frame, FrameMapping? except)
    {
        if (frames.IsDevicePrivate(frame))
        {
            return;
        }

        frames.CopyMappings(frame, _places);
        foreach (FrameMapping place in _places)
        {
            if (place != except && frames.TableAt(place, out AddressSpace? space) is { } leaf)
            {
                using (leaf.Lock.Enter())
                {
                    if (IsMigrationOf(leaf.Read(place.Page), frame))
                    {
                        space!.Cpu.Detach(RangeOf(frame, place), frame);
                    }
                }
            }
        }
    }

    /// <summary>Puts the entry of a frame in place of all migration entries of a page. Each gets a reference.</summary>
    /// <param name="source">The frame that the migration entries name: locked.</param>
    /// <param name="target">Where the page is now: locked, or the same frame; with a reference of the caller. Null when its bytes are lost.</param>
    /// <param name="watched">The place that counts; null for all.</param>
    /// <returns>Number of entries that were put there.</returns>
    public int Restore(FrameNumber source, FrameNumber? target, FrameMapping? watched = null)
    {
        int restored = 0;
        var spin = default(Spin);
        for (int round = 0; round < RestoreRounds; round++)
        {
            frames.CopyMappings(source, _places);
            bool isDone = true;
            foreach (FrameMapping place in _places)
            {
                // A place without an entry: a fork or a remap is about to enter a copy there, or an unmap to forget the place.
                bool isNamed = TryRestoreAt(source, target, place, out bool isRestored);
                restored += isRestored && (watched is null || place == watched) ? 1 : 0;
                isDone &= isNamed && !isRestored;
                if (isRestored && Breaks.MigrateForgetsAMapping)
                {
                    return restored;
                }
            }

            if (isDone)
            {
                return restored;
            }

            spin.Once();
        }

        Checks.Fail("A page that has moved is still named by an entry of the frame that it has left.");
        return restored;
    }

    /// <summary>Ends the migration of a page wherever entries name it: gives it its entries, and the migration's references back.</summary>
    /// <param name="source">The page: its frame is locked.</param>
    /// <param name="destination">The frame that it was given, or 0.</param>
    /// <param name="watched">The place that counts; null for all.</param>
    /// <returns>The page: it has moved only if an entry was put there.</returns>
    public MigratePfn Complete(MigratePfn source, MigratePfn destination, FrameMapping? watched)
    {
        bool hasMoved = source.Migrates && !Breaks.MigrateNoop;
        FrameNumber target = hasMoved ? destination.Frame : source.Frame;
        bool isSystem = hasMoved && frames.PagemapOf(target) is null;
        if (isSystem)
        {
            // Its first entry makes it known, and it must not be moved before it has the others.
            bool isTaken = frames.TryLockForMigration(target);
            Checks.That(isTaken, "Nobody knows the new frame of a page before it has an entry.");
        }

        int entries = Restore(source.Frame, target, watched);
        if (isSystem)
        {
            frames.UnlockMigrated(target);
        }

        GiveUp(destination);
        return entries > 0 ? source : source.Staying();
    }

    /// <summary>Gives the migration's reference of a destination back, which frees it if no entry names it; a device's is locked.</summary>
    public void GiveUp(MigratePfn destination)
    {
        if (destination.IsValid)
        {
            if (frames.PagemapOf(destination.Frame) is not null)
            {
                frames.UnlockMigrated(destination.Frame);
            }

            frames.Put(destination.Frame);
        }
    }

    private void UnmapAt(FrameNumber frame, FrameMapping place)
    {
        if (frames.TableAt(place, out AddressSpace? space) is not { } leaf)
        {
            return;
        }

        AddressRange range = RangeOf(frame, place);
        using (space!.Open(range, InvalidationCause.Clear))
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(place.Page);
            if (pte.Frame == frame && pte.Maps)
            {
                // Also one that a device has for itself: who must have the memory empty could not get rid of it else.
                HasUnmappedHuge = pte.IsHuge;
                frames.NoteMarks(leaf.BeginMigration(place.Page));
                frames.EndMap(frame);
                if (!frames.IsDevicePrivate(frame) && !Breaks.CopyBeforeIsolate)
                {
                    space.Cpu.Isolate(range);
                }

                frames.Put(frame);
            }
        }
    }

    /// <summary>Replaces the migration entry at a place.</summary>
    /// <returns>False when no entry there names the frame yet, or any more.</returns>
    private bool TryRestoreAt(FrameNumber source, FrameNumber? target, FrameMapping place, out bool isRestored)
    {
        isRestored = false;
        if (frames.TableAt(place, out AddressSpace? space) is not { } leaf)
        {
            return false;
        }

        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(place.Page);
            if (IsMigrationOf(pte, source))
            {
                if (target is { } frame)
                {
                    frames.Get(frame);
                    Replace(space!, leaf, place.Page, pte, frame);
                }
                else
                {
                    frames.Unlink(source, place);
                    leaf.Replace(place.Page, CpuPte.Poisoned);
                    _ = space!.TellCpu(leaf, place.Page);
                }

                isRestored = true;
            }

            return pte.NamesFrame && pte.Frame == source;
        }
    }

    /// <summary>Puts the entry of a frame, which has a reference for it, in place of a migration entry. Page-table lock held.</summary>
    public void Replace(AddressSpace space, CpuLeaf leaf, ulong page, CpuPte migration, FrameNumber target)
    {
        frames.MoveMarks(migration.Frame, target);
        frames.Unlink(migration.Frame, space.MappingOf(page));
        frames.AddMap(target, space.MappingOf(page));
        Enter(space, leaf, page, migration, target);
    }

    /// <summary>Puts the entry of a frame, which is counted already, in place of a migration entry. Page-table lock held.</summary>
    public void Enter(AddressSpace space, CpuLeaf leaf, ulong page, CpuPte migration, FrameNumber target)
    {
        leaf.Replace(page, frames.IsDevicePrivate(target) ? migration.FromMigrationToDevice(target) : migration.FromMigration(target));

        // A CPU that cannot be told now faults on its next access, and is told then.
        _ = space.TellCpu(leaf, page);
    }

    /// <summary>True if an entry is the migration entry of a frame: while that is locked no other is alike.</summary>
    public static bool IsMigrationOf(CpuPte pte, FrameNumber frame) => pte.IsMigration && pte.Frame == frame;

    private AddressRange RangeOf(FrameNumber frame, FrameMapping place) =>
        frames.IsHuge(frame) ? HugePage.BlockAt(place.Page) : AddressRange.PageAt(place.Page);
}
