namespace GpuSvm.Svm;

/// <summary>One interval of fixed size of an <see cref="SvmSpace"/>, by which it hears of changes, with the ranges in it.</summary>
/// <remarks>
/// Exists while it holds a range or somebody is about to insert one. Locking: ranges are looked at under the space's notifier lock.
/// Source: Linux struct drm_gpusvm_notifier.
/// </remarks>
public sealed class SvmNotifier
{
    internal SvmNotifier(SvmSpace space, AddressRange range)
    {
        Space = space;
        Range = range;
        Interval = new IntervalNotifier(space) { Tag = this };
    }

    /// <summary>The space that it belongs to.</summary>
    public SvmSpace Space { get; }

    /// <summary>Its addresses: as many as <see cref="SvmSpaceOptions.NotifierSize"/> says, and aligned to that.</summary>
    public AddressRange Range { get; }

    /// <summary>Number of ranges in it. Locking: the notifier lock is held.</summary>
    public int RangeCount
    {
        get
        {
            Space.NotifierLock.AssertHeld();
            return Ranges.Count;
        }
    }

    /// <summary>By which it hears: read begin and read retry are asked of it, by those who map pages by themselves.</summary>
    public IntervalNotifier Interval { get; }

    /// <summary>The addresses whose entries a driver has to drop in an invalidation: what changes, and the rest of blocks that it cuts.</summary>
    /// <remarks>
    /// A block is unmapped as a whole. With <see cref="PartialUnmap.DropRange"/> so is a range of which something is unmapped. Clipped to
    /// <see cref="Range"/>; empty if no page of it is mapped for the device. Locking: the notifier lock is held. Allocates nothing.
    /// </remarks>
    public AddressRange EntriesOf(in Invalidation invalidation)
    {
        AddressRange all = default;
        foreach (SvmRange range in RangesIn(invalidation.Range))
        {
            AddressRange part = range.MappedAround(Space.PartOf(range, invalidation));
            all =
                part.IsEmpty ? all :
                all.IsEmpty ? part : new AddressRange(all.Start, part.End);
        }

        return all;
    }

    internal IntervalTree<SvmRange> Ranges { get; } = new();

    internal IntervalHandle Handle { get; set; }

    /// <summary>Calls that are about to insert a range. Guarded by the notifier lock.</summary>
    internal int Holders { get; set; }

    /// <summary>The ranges that share a byte with <paramref name="part"/>, in order of address.</summary>
    /// <remarks>
    /// Locking: the notifier lock is held, and no range is inserted or removed meanwhile. Allocates nothing. Source: Linux
    /// drm_gpusvm_for_each_range.
    /// </remarks>
    public IntervalTree<SvmRange>.OverlapEnumerable RangesIn(AddressRange part)
    {
        Space.NotifierLock.AssertHeld();
        return Ranges.Overlaps(part);
    }
}
