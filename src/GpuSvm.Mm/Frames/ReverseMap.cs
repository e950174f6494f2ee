using System.Runtime.InteropServices;

namespace GpuSvm.Mm;

/// <summary>Where entries name each frame: in which address space, at which page. Migration entries count, the zero page does not.</summary>
/// <remarks>
/// <para>
/// The first place of a frame stands in its state and costs one exchange; more, which fork and shared memory bring, stand in a table.
/// A place is added before or under the same page-table lock as its entry, and removed likewise.
/// </para>
/// <para>
/// A walk takes a copy of the places and looks at each entry under its own page-table lock, whether it still names the frame. Meanwhile
/// fork and remap may have copied or moved an entry: so a walk is repeated until it has found what it wants, or given up.
/// </para>
/// <para>
/// Locking: thread-safe; the table's lock is taken below page-table locks. Departure: Linux finds the places by the mappings that may
/// hold a page (anon_vma, address_space), which costs fork less and the walk more. Source: Linux mm/rmap.c.
/// </para>
/// </remarks>
internal sealed class ReverseMap
{
    private readonly RankedLock _lock = new(LockRank.FrameAllocator);
    private readonly Dictionary<ulong, List<FrameMapping>> _more = [];
    private int _frames;

    /// <summary>Adds a place.</summary>
    /// <param name="slot">The word of the frame's state.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="mapping">The place, which was not there yet.</param>
    public void Add(ref ulong slot, FrameNumber frame, FrameMapping mapping)
    {
        if (SharedWord.CompareExchange(ref slot, mapping.Packed, 0UL) == 0)
        {
            return;
        }

        using (_lock.Enter())
        {
            ref List<FrameMapping>? places = ref CollectionsMarshal.GetValueRefOrAddDefault(_more, frame.Value, out _);
            (places ??= []).Add(mapping);
            SharedWord.Write(ref _frames, _more.Count);
        }
    }

    /// <summary>Adds the first place of a frame that nobody knows yet.</summary>
    public static void Begin(ref ulong slot, FrameMapping mapping)
    {
        Checks.That(SharedWord.Read(ref slot) == 0, "No entry names a frame that nobody knows.");
        SharedWord.Write(ref slot, mapping.Packed);
    }

    /// <summary>Removes a place.</summary>
    public void Remove(ref ulong slot, FrameNumber frame, FrameMapping mapping)
    {
        if (SharedWord.Read(ref slot) == mapping.Packed)
        {
            // Nobody else takes this place out, and others write the word only while it is 0.
            SharedWord.Write(ref slot, 0UL);
            return;
        }

        using (_lock.Enter())
        {
            bool removed = _more.TryGetValue(frame.Value, out List<FrameMapping>? places) && places.Remove(mapping);
            Checks.That(removed, "An entry that names a frame is known to the reverse map.");
            if (places?.Count == 0)
            {
                _more.Remove(frame.Value);
                SharedWord.Write(ref _frames, _more.Count);
            }
        }
    }

    /// <summary>True if a frame has a place besides the one given.</summary>
    public bool HasOther(ref ulong slot, FrameNumber frame, FrameMapping mapping)
    {
        ulong first = SharedWord.Read(ref slot);
        if (first != 0 && first != mapping.Packed)
        {
            return true;
        }

        if (SharedWord.Read(ref _frames) == 0)
        {
            return false;
        }

        using (_lock.Enter())
        {
            // A frame's places differ, and a list is never empty.
            return _more.TryGetValue(frame.Value, out List<FrameMapping>? places) && (places.Count > 1 || places[0] != mapping);
        }
    }

    /// <summary>One place of a frame, packed; 0 if it has none. It need not stand in the frame's state: others may have come and gone there.</summary>
    public ulong FirstOf(ref ulong slot, FrameNumber frame)
    {
        ulong first = SharedWord.Read(ref slot);
        if (first != 0 || SharedWord.Read(ref _frames) == 0)
        {
            return first;
        }

        using (_lock.Enter())
        {
            return _more.TryGetValue(frame.Value, out List<FrameMapping>? places) ? places[0].Packed : 0;
        }
    }

    /// <summary>Copies the places of a frame as they are now.</summary>
    /// <param name="slot">The word of the frame's state.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="places">Emptied and filled.</param>
    public void CopyTo(ref ulong slot, FrameNumber frame, List<FrameMapping> places)
    {
        places.Clear();
        ulong first = SharedWord.Read(ref slot);
        if (first != 0)
        {
            places.Add(FrameMapping.Unpack(first));
        }

        if (SharedWord.Read(ref _frames) == 0)
        {
            return;
        }

        using (_lock.Enter())
        {
            if (_more.TryGetValue(frame.Value, out List<FrameMapping>? more))
            {
                places.AddRange(more);
            }
        }
    }
}
