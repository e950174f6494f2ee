namespace GpuSvm.Driver;

/// <summary>The pages of a client that its GPU reads duplicates of.</summary>
/// <remarks>
/// A page is here as long as the GPU may have an entry for its duplicate: who drops entries ends the duplicates of the range, after the flush.
/// Locking: used with the mirror's update lock held.
/// </remarks>
internal sealed class DuplicateTable(IDevicePages pages)
{
    private readonly Dictionary<ulong, ulong> _addresses = [];

    /// <summary>Number of duplicates.</summary>
    public int Count => _addresses.Count;

    /// <summary>True if a page has a duplicate.</summary>
    public bool Has(VirtualAddress page) => _addresses.ContainsKey(page);

    /// <summary>Notes the duplicate of a page that has none.</summary>
    public void Add(VirtualAddress page, ulong address) => _addresses.Add(page, address);

    /// <summary>Ends the duplicates of pages of a range; no entry for them is left.</summary>
    public void EndIn(AddressRange range)
    {
        if (range.PageCount <= (ulong)_addresses.Count)
        {
            for (ulong page = Page.AlignDown(range.Start); page < range.End.Value; page += Page.Size)
            {
                End(page);
            }

            return;
        }

        foreach (ulong page in _addresses.Keys)
        {
            if (range.Contains(page))
            {
                End(page);
            }
        }
    }

    /// <summary>Some page that has a duplicate.</summary>
    public bool TryFind(out VirtualAddress page)
    {
        foreach (ulong found in _addresses.Keys)
        {
            page = found;
            return true;
        }

        page = default;
        return false;
    }

    private void End(ulong page)
    {
        if (_addresses.Remove(page, out ulong address))
        {
            pages.EndDuplicate(address);
        }
    }
}
