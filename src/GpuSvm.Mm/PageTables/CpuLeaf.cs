namespace GpuSvm.Mm;

/// <summary>The lowest table of a CPU page table: the entries of 512 pages (2 MiB), and the lock under which they change.</summary>
/// <remarks>
/// Locking: entries change under <see cref="Lock"/>, except that the CPU's walker sets the accessed and dirty bits at any time; so every
/// change exchanges the whole word. Entries are read without a lock.
/// </remarks>
internal sealed class CpuLeaf
{
    private readonly ulong[] _entries = new ulong[CpuPageTable.EntryCount];
    private int _used;

    /// <summary>Guards the entries.</summary>
    public RankedLock Lock { get; } = new(LockRank.CpuPageTable);

    /// <summary>True if all entries are none.</summary>
    public bool IsEmpty => SharedWord.Read(ref _used) == 0;

    /// <summary>Reads the entry of an address.</summary>
    public CpuPte Read(ulong address) => new(SharedWord.Read(ref At(address)));

    /// <summary>Fills an entry that is none. Lock held.</summary>
    public void Enter(ulong address, CpuPte pte)
    {
        Lock.AssertHeld();
        ulong was = SharedWord.Exchange(ref At(address), pte.Bits);
        Checks.That(was == 0, "Only an entry that is none is filled.");
        _used++;
    }

    /// <summary>Empties an entry. Lock held.</summary>
    /// <returns>What it was, with the accessed and dirty bits as the CPU left them.</returns>
    public CpuPte Clear(ulong address)
    {
        Lock.AssertHeld();
        ref ulong entry = ref At(address);
        if (SharedWord.Read(ref entry) == 0)
        {
            return default;
        }

        _used--;
        return new CpuPte(SharedWord.Exchange(ref entry, 0UL));
    }

    /// <summary>Replaces the rights of an entry that holds a frame. Lock held.</summary>
    public void SetRights(ulong address, Protection protection)
    {
        Lock.AssertHeld();
        CpuPte pte;
        do
        {
            pte = Read(address);
        }
        while (!TryReplace(address, pte, pte.WithRights(protection)));
    }

    /// <summary>Takes the dirty mark from an entry that the CPU cannot write any more. Lock held.</summary>
    public void Clean(ulong address)
    {
        Lock.AssertHeld();
        CpuPte pte;
        do
        {
            pte = Read(address);
        }
        while (!TryReplace(address, pte, pte.Cleaned()));
    }

    /// <summary>Puts a migration entry in place of one that maps a frame. Lock held; the caller flushes the CPU.</summary>
    /// <returns>The migration entry, with the accessed and dirty bits as the CPU left them.</returns>
    public CpuPte BeginMigration(ulong address) => Exchange(address, static pte => pte.ToMigration());

    /// <summary>Puts the entry of a page that a device has for itself in place of its present one. Lock held; the caller flushes the CPU.</summary>
    /// <returns>The entry, with the accessed and dirty bits as the CPU left them.</returns>
    public CpuPte BeginExclusive(ulong address) => Exchange(address, static pte => pte.ToDeviceExclusive());

    /// <summary>Puts an entry in place of one that is not present, which the CPU's walker leaves alone. Lock held.</summary>
    public void Replace(ulong address, CpuPte pte)
    {
        Lock.AssertHeld();
        Checks.That(!Read(address).IsPresent && !Read(address).IsNone && !pte.IsNone, "Only an entry that is not present is replaced.");
        SharedWord.Write(ref At(address), pte.Bits);
    }

    /// <summary>What the CPU's walker does: looks the entry up and notes the access in it. Any thread, no lock.</summary>
    /// <returns>False when the entry does not allow the access.</returns>
    public bool TryTouch(ulong address, CpuAccess access, out CpuPte pte)
    {
        while (true)
        {
            CpuPte seen = Read(address);
            pte = seen.Touched(access);
            if (!seen.Allows(access))
            {
                return false;
            }

            if (pte == seen || TryReplace(address, seen, pte))
            {
                return true;
            }
        }
    }

    private CpuPte Exchange(ulong address, Func<CpuPte, CpuPte> change)
    {
        Lock.AssertHeld();
        CpuPte seen;
        CpuPte changed;
        do
        {
            seen = Read(address);
            changed = change(seen);
        }
        while (!TryReplace(address, seen, changed));
        return changed;
    }

    private bool TryReplace(ulong address, CpuPte seen, CpuPte pte) =>
        SharedWord.CompareExchange(ref At(address), pte.Bits, seen.Bits) == seen.Bits;

    private ref ulong At(ulong address) => ref _entries[CpuPageTable.Index(address, Page.Shift)];
}
