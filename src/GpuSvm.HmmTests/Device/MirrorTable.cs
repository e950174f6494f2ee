namespace GpuSvm.HmmTests;

/// <summary>The device's page table of one address space: which frame it uses for a page, and how. The update lock guards it.</summary>
internal sealed class MirrorTable
{
    private readonly Dictionary<ulong, (FrameNumber Frame, MirrorAccess Access)> _entries = [];

    /// <summary>Number of pages that the device has.</summary>
    public int Count => _entries.Count;

    /// <summary>Enters a page, in place of what was there.</summary>
    public void Set(ulong page, FrameNumber frame, MirrorAccess access) => _entries[page] = (frame, access);

    /// <summary>Finds the frame of a page that may be read, or for a write only one that may be written.</summary>
    public bool TryFind(ulong page, CpuAccess access, out FrameNumber frame)
    {
        bool isThere = _entries.TryGetValue(page, out (FrameNumber Frame, MirrorAccess Access) entry);
        frame = entry.Frame;
        return isThere && (access == CpuAccess.Read || entry.Access == MirrorAccess.Write);
    }

    /// <summary>True if the device has a page of the range for itself.</summary>
    public bool HasAtomic(AddressRange range) =>
        _entries.Any(entry => entry.Value.Access == MirrorAccess.Atomic && range.Contains(entry.Key));

    /// <summary>Drops the pages of a range, which may be larger than all memory.</summary>
    public void Drop(AddressRange range)
    {
        if (range.PageCount <= (ulong)_entries.Count)
        {
            for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
            {
                _entries.Remove(page);
            }

            return;
        }

        foreach (ulong page in _entries.Keys.Where(page => range.Overlaps(AddressRange.PageAt(page))).ToArray())
        {
            _entries.Remove(page);
        }
    }
}
