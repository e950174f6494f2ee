using System.Runtime.CompilerServices;

namespace GpuSvm.Mm;

/// <summary>The lowest table of a CPU page table: the entries of 512 pages (2 MiB), and the lock under which they change.</summary>
/// <remarks>
/// <para>
/// Or one entry that stands for all of them, that of a huge page. Then a page's entry is read out of it, and what changes an entry
/// changes that of all: who means only a part splits it first.
/// </para>
/// <para>
/// Locking: entries change under <see cref="Lock"/>, except that the CPU's walker sets the accessed and dirty bits at any time; so every
/// change exchanges the whole word. Entries are read without a lock.
/// </para>
/// </remarks>
internal sealed class CpuLeaf
{
    private readonly ulong[] _entries = new ulong[CpuPageTable.EntryCount];

    // Not 0 only while it counts and the entries do not. Read before them: they are good before it becomes 0.
    private ulong _huge;
    private int _used;

    /// <summary>Guards the entries.</summary>
    public RankedLock Lock { get; } = new(LockRank.CpuPageTable);

    /// <summary>True if all entries are none.</summary>
    public bool IsEmpty => SharedWord.Read(ref _used) == 0;

    /// <summary>True if one entry stands for all.</summary>
    public bool IsHuge => SharedWord.Read(ref _huge) != 0;

    /// <summary>Reads the entry of an address.</summary>
    public CpuPte Read(ulong address)
    {
        int index = CpuPageTable.Index(address, Page.Shift);
        ulong huge = SharedWord.Read(ref _huge);
        return huge == 0 ? new CpuPte(SharedWord.Read(ref _entries[index])) : new CpuPte(huge).PageAt(index);
    }

    /// <summary>The words of pages themselves, from that of an address on. They are none while a huge page stands for them.</summary>
    public ReadOnlySpan<ulong> OwnWords(ulong address) => _entries.AsSpan(CpuPageTable.Index(address, Page.Shift));

    /// <summary>Fills an entry that is none, or all 512 with that of a huge page. Lock held.</summary>
    public void Enter(ulong address, CpuPte pte)
    {
        Lock.AssertHeld();
        if (pte.IsHuge)
        {
            Checks.That(IsEmpty && HugePage.IsAligned(address), "A huge page is entered where nothing is.");
            _used = CpuPageTable.EntryCount;
            SharedWord.Write(ref _huge, pte.Bits);
            return;
        }

        ref ulong word = ref WordOf(address, out ulong was);
        Checks.That(was == 0, "Only an entry that is none is filled.");
        SharedWord.Write(ref word, pte.Bits);
        _used++;
    }

    /// <summary>Empties an entry. Lock held.</summary>
    /// <returns>What it was, with the accessed and dirty bits as the CPU left them; for a huge page the entry of the first.</returns>
    public CpuPte Clear(ulong address)
    {
        Lock.AssertHeld();
        ref ulong word = ref OwnWordOf(address, out ulong bits);
        if (bits == 0)
        {
            return default;
        }

        bool isHuge = Unsafe.AreSame(ref word, ref _huge);
        _used -= isHuge ? CpuPageTable.EntryCount : 1;
        var was = new CpuPte(SharedWord.Exchange(ref word, 0UL));
        return isHuge ? was.PageAt(0) : was;
    }

    /// <summary>Gives each page of a huge page an entry of its own that says the same. Lock held.</summary>
    public void Split()
    {
        Lock.AssertHeld();
        ulong bits;
        do
        {
            bits = SharedWord.Read(ref _huge);
            Checks.That(bits != 0, "Only a huge page is split.");

            // Nobody looks at the entries yet; nor does a mark get lost that the CPU sets meanwhile.
            for (int i = 0; i < _entries.Length; i++)
            {
                _entries[i] = new CpuPte(bits).PageAt(i).AsSmall().Bits;
            }
        }
        while (SharedWord.CompareExchange(ref _huge, 0UL, bits) != bits && !Breaks.SplitLosesMarks);
        if (Breaks.SplitLosesMarks)
        {
            SharedWord.Write(ref _huge, 0UL);
        }
    }

    /// <summary>Replaces the rights of an entry that holds a frame. Lock held.</summary>
    public void SetRights(ulong address, Protection protection)
    {
        Lock.AssertHeld();
        ref ulong word = ref OwnWordOf(address, out ulong bits);
        while (!TryReplace(ref word, ref bits, new CpuPte(bits).WithRights(protection)))
        {
        }
    }

    /// <summary>Takes the dirty mark from an entry that the CPU cannot write any more. Lock held.</summary>
    public void Clean(ulong address) => Exchange(address, static pte => pte.Cleaned());

    /// <summary>Puts a migration entry in place of one that maps a frame. Lock held; the caller flushes the CPU.</summary>
    /// <returns>The migration entry, with the accessed and dirty bits as the CPU left them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CpuPte BeginMigration(ulong address)
    {
        Lock.AssertHeld();
        ref ulong word = ref OwnWordOf(address, out ulong bits);
        CpuPte migration = new CpuPte(bits).ToMigration();
        if (!new CpuPte(bits).IsPresent)
        {
            // The CPU's walker leaves it alone.
            SharedWord.Write(ref word, migration.Bits);
            return migration;
        }

        while (!TryReplace(ref word, ref bits, migration))
        {
            migration = new CpuPte(bits).ToMigration();
        }

        return migration;
    }

    /// <summary>Puts the entry of a page that a device has for itself in place of its present one. Lock held; the caller flushes the CPU.</summary>
    /// <returns>The entry, with the accessed and dirty bits as the CPU left them.</returns>
    public CpuPte BeginExclusive(ulong address) => Exchange(address, static pte => pte.ToDeviceExclusive());

    /// <summary>Puts an entry in place of one that is not present, which the CPU's walker leaves alone. Lock held.</summary>
    public void Replace(ulong address, CpuPte pte)
    {
        Lock.AssertHeld();
        ref ulong word = ref OwnWordOf(address, out ulong bits);
        var was = new CpuPte(bits);
        Checks.That(!was.IsPresent && !was.IsNone && !pte.IsNone, "Only an entry that is not present is replaced.");
        Checks.That(was.IsHuge == pte.IsHuge, "The entry of a huge page is replaced by that of one.");
        SharedWord.Write(ref word, pte.Bits);
    }

    /// <summary>What the CPU's walker does: looks the entry up and notes the access in it. Any thread, no lock.</summary>
    /// <returns>False when the entry does not allow the access.</returns>
    public bool TryTouch(ulong address, CpuAccess access, out CpuPte pte)
    {
        while (true)
        {
            ref ulong word = ref WordOf(address, out ulong bits);
            var seen = new CpuPte(bits);
            CpuPte touched = seen.Touched(access);
            pte = Unsafe.AreSame(ref word, ref _huge) ? touched.PageAt(CpuPageTable.Index(address, Page.Shift)) : touched;
            if (!seen.Allows(access))
            {
                return false;
            }

            if (touched == seen || SharedWord.CompareExchange(ref word, touched.Bits, bits) == bits)
            {
                return true;
            }
        }
    }

    private CpuPte Exchange(ulong address, Func<CpuPte, CpuPte> change)
    {
        Lock.AssertHeld();
        ref ulong word = ref OwnWordOf(address, out ulong bits);
        CpuPte changed;
        do
        {
            changed = change(new CpuPte(bits));
        }
        while (!TryReplace(ref word, ref bits, changed));
        return changed;
    }

    /// <summary>The word that stands for an address, and what it holds.</summary>
    private ref ulong WordOf(ulong address, out ulong bits)
    {
        bits = SharedWord.Read(ref _huge);
        if (bits != 0)
        {
            return ref _huge;
        }

        ref ulong entry = ref _entries[CpuPageTable.Index(address, Page.Shift)];
        bits = SharedWord.Read(ref entry);
        return ref entry;
    }

    /// <summary>As <see cref="WordOf"/>, for a change, which a huge page suffers only as a whole.</summary>
    private ref ulong OwnWordOf(ulong address, out ulong bits)
    {
        ref ulong word = ref WordOf(address, out bits);
        Checks.That(HugePage.IsAligned(address) || !Unsafe.AreSame(ref word, ref _huge), "A huge page is split before a part of it changes.");
        return ref word;
    }

    /// <summary>Replaces a word that the CPU may mark meanwhile.</summary>
    /// <param name="word">The word.</param>
    /// <param name="bits">What it held, and holds now.</param>
    /// <param name="pte">What it is to hold.</param>
    private static bool TryReplace(ref ulong word, ref ulong bits, CpuPte pte)
    {
        ulong expected = bits;
        bits = SharedWord.CompareExchange(ref word, pte.Bits, expected);
        return bits == expected;
    }
}
