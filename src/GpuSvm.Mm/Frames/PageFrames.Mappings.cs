namespace GpuSvm.Mm;

/// <content>Who maps a frame: how many entries, and where they are.</content>
public sealed partial class PageFrames
{
    private readonly ReverseMap _reverse = new();
    private readonly SpaceRegistry _spaces = new();

    /// <summary>Number of page-table entries that map a frame; those of the zero page are not counted, nor migration entries.</summary>
    public int MapCount(FrameNumber frame) => SharedWord.Read(ref StateOf(frame).Maps);

    /// <summary>The marks of a frame; a part of a huge page has those of the whole.</summary>
    public FrameFlags FlagsOf(FrameNumber frame)
    {
        ref FrameState own = ref OwnStateOf(frame);
        var flags = (FrameFlags)SharedWord.Read(ref own.Flags);
        return (flags & FrameFlags.Tail) == 0
            ? flags
            : flags | ((FrameFlags)SharedWord.Read(ref StateOf(frame).Flags) & ~FrameFlags.Huge);
    }

    /// <summary>Sets and clears marks of a frame that is in use; the zero page has none.</summary>
    internal void SetFlags(FrameNumber frame, FrameFlags set, FrameFlags clear = FrameFlags.None)
    {
        if (frame != ZeroFrame)
        {
            SetFlags(ref StateOf(frame), set, clear);
        }
    }

    /// <summary>Has a frame keep the marks of an entry that goes.</summary>
    internal void NoteMarks(CpuPte pte)
    {
        FrameFlags marks = MarksOf(pte);
        if (marks != 0)
        {
            SetFlags(pte.Frame, marks);
        }
    }

    /// <summary>True if a write through the one entry that maps an anonymous frame need not copy it.</summary>
    /// <remarks>
    /// A frame that a fork has shared is exclusive again when the others have gone, and nobody has pinned it meanwhile. The lock of the
    /// entry's page table is held. Source: Linux wp_can_reuse_anon_folio.
    /// </remarks>
    internal bool IsExclusive(FrameNumber frame)
    {
        ref FrameState state = ref StateOf(frame);
        return frame != ZeroFrame && ((SharedWord.Read(ref state.Flags) & (int)FrameFlags.AnonExclusive) != 0 ||
            (SharedWord.Read(ref state.Maps) == 1 && (Breaks.ReuseSharedPage || SharedWord.Read(ref state.References) == 1)));
    }

    /// <summary>True if somebody relies on an anonymous frame to stay that of the one entry that maps it. The lock of its page table is held.</summary>
    /// <remarks>Source: Linux folio_try_dup_anon_rmap_pte, which fails then.</remarks>
    internal bool IsPinned(FrameNumber frame)
    {
        ref FrameState state = ref StateOf(frame);
        return (SharedWord.Read(ref state.Flags) & (int)FrameFlags.AnonExclusive) != 0 &&
            SharedWord.Read(ref state.References) > SharedWord.Read(ref state.Maps);
    }

    /// <summary>Notes an entry that maps the frame from now on. The lock of its page table is held.</summary>
    internal void AddMap(FrameNumber frame, FrameMapping mapping)
    {
        if (frame != ZeroFrame)
        {
            ref FrameState state = ref StateOf(frame);
            _reverse.Add(ref state.Mapping, frame, mapping);
            SharedWord.Add(ref state.Maps, 1);
        }
    }

    /// <summary>Notes that an entry does not name the frame any more.</summary>
    internal void RemoveMap(FrameNumber frame, FrameMapping mapping)
    {
        if (frame != ZeroFrame)
        {
            EndMap(frame);
            Unlink(frame, mapping);
        }
    }

    /// <summary>Notes that an entry which mapped the frame is now its migration entry. The lock of its page table is held.</summary>
    internal void EndMap(FrameNumber frame) => EndMap(ref StateOf(frame));

    /// <summary>As <see cref="EndMap(FrameNumber)"/>, and keeps the marks of the entry.</summary>
    /// <param name="state">The state of the page.</param>
    /// <param name="migration">The migration entry.</param>
    internal static void EndMap(ref FrameState state, CpuPte migration)
    {
        FrameFlags marks = MarksOf(migration);
        if (marks != 0)
        {
            SetFlags(ref state, marks, FrameFlags.None);
        }

        EndMap(ref state);
    }

    /// <summary>Notes an entry that names the frame without mapping it: a migration entry. The lock of its page table is held.</summary>
    internal void Link(FrameNumber frame, FrameMapping mapping) => _reverse.Add(ref StateOf(frame).Mapping, frame, mapping);

    /// <summary>Notes that a migration entry does not name the frame any more.</summary>
    internal void Unlink(FrameNumber frame, FrameMapping mapping) => _reverse.Remove(ref StateOf(frame).Mapping, frame, mapping);

    /// <summary>Copies the places where entries name a frame, as they are now. See <see cref="ReverseMap"/>.</summary>
    internal void CopyMappings(FrameNumber frame, List<FrameMapping> places) => _reverse.CopyTo(ref StateOf(frame).Mapping, frame, places);

    /// <summary>True if an entry at another place than this one names a frame.</summary>
    internal bool IsNamedElsewhere(FrameNumber frame, ref FrameState state, FrameMapping here) =>
        _reverse.HasOther(ref state.Mapping, frame, here);

    /// <summary>Gives an address space the number by which the reverse map knows it.</summary>
    internal int Register(AddressSpace space) => _spaces.Add(space);

    /// <summary>Takes the number of an address space back; no entry of it names a frame.</summary>
    internal void Unregister(int id) => _spaces.Remove(id);

    /// <summary>The address space of a number, or null when it has ended.</summary>
    internal AddressSpace? SpaceOf(int id) => _spaces.Find(id);

    /// <summary>The page table where the entry of a place is, and its address space; null when one of them has gone.</summary>
    internal CpuLeaf? TableAt(FrameMapping place, out AddressSpace? space)
    {
        space = SpaceOf(place.SpaceId);
        return space?.PageTable.Find(place.Page);
    }

    private static FrameFlags MarksOf(CpuPte pte) =>
        (pte.IsDirty ? FrameFlags.Dirty : 0) | (pte.IsAccessed ? FrameFlags.Accessed : 0);

    private static void SetFlags(ref FrameState state, FrameFlags set, FrameFlags clear)
    {
        int seen;
        int wanted;
        do
        {
            seen = SharedWord.Read(ref state.Flags);
            wanted = (seen | (int)set) & ~(int)clear;
        }
        while (seen != wanted && SharedWord.CompareExchange(ref state.Flags, wanted, seen) != seen);
    }

    private static void EndMap(ref FrameState state)
    {
        int maps = SharedWord.Add(ref state.Maps, -1);
        Checks.That(maps >= 0, "A frame is not unmapped more often than it was mapped.");
    }
}
