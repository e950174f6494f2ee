namespace GpuSvm.Live;

/// <summary>The private memory that a live process shares. Looked up without a lock; changed by one thread at a time.</summary>
internal sealed class AdoptedTable
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private AdoptedRegion[] _regions = [];

    /// <summary>The regions, in no order; none overlap.</summary>
    public AdoptedRegion[] Regions => SharedWord.Read(ref _regions);

    /// <summary>The region whose pages have a frame, also where they are unmapped since; or null.</summary>
    public AdoptedRegion? Find(FrameNumber frame)
    {
        foreach (AdoptedRegion region in Regions)
        {
            if (frame.Value >= region.Memory.FirstFrame.Value && frame.Value - region.Memory.FirstFrame.Value < region.Memory.PageCount)
            {
                return region;
            }
        }

        return null;
    }

    /// <summary>The region that holds an address; null where none does, or what it held there is unmapped.</summary>
    public AdoptedRegion? Find(VirtualAddress address)
    {
        foreach (AdoptedRegion region in Regions)
        {
            if (region.Range.Contains(address) && Array.Exists(region.Parts, part => part.Contains(address)))
            {
                return region;
            }
        }

        return null;
    }

    /// <summary>True if a part of a range is in a region.</summary>
    public bool Overlaps(AddressRange range) => Array.Exists(Regions, region => Array.Exists(region.Parts, range.Overlaps));

    /// <summary>The parts of a range that are in no region.</summary>
    public IReadOnlyList<AddressRange> Outside(AddressRange range)
    {
        var left = new AddressRangeSet();
        left.Add(range);
        Array.ForEach(Regions, region => Array.ForEach(region.Parts, left.Remove));
        return [.. left.Ranges];
    }

    /// <summary>Adds a region.</summary>
    public void Add(AdoptedRegion region)
    {
        using (_lock.Enter())
        {
            SharedWord.Write(ref _regions, [.. _regions, region]);
        }
    }

    /// <summary>Takes a region out.</summary>
    public void Remove(AdoptedRegion region)
    {
        using (_lock.Enter())
        {
            SharedWord.Write(ref _regions, [.. _regions.Where(other => other != region)]);
        }
    }

    /// <summary>Forgets what the process has unmapped: nothing is taken from it there any more.</summary>
    public void Forget(AddressRange gone)
    {
        using (_lock.Enter())
        {
            Array.ForEach(_regions, region => region.Forget(gone));
        }
    }
}
