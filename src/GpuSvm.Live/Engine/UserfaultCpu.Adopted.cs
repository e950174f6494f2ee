namespace GpuSvm.Live;

/// <content>Private memory of the process: pages are read, taken and given.</content>
internal sealed partial class UserfaultCpu
{
    private AdoptedPages? _pages;

    /// <summary>The private memory that the process shares.</summary>
    public AdoptedTable Adopted { get; } = new();

    /// <summary>What reads, takes and gives it: set before the first region is added, and disposed of by who has set it.</summary>
    public AdoptedPages Pages
    {
        get => SharedWord.Read(ref _pages!);
        set => SharedWord.Write(ref _pages!, value);
    }

    /// <summary>Gives a child that has just been forked the pages of which it has no copy, and leaves its private memory to it.</summary>
    /// <remarks>The app's own faults are behind the message of the fork in the queue: it stores to no such page before.</remarks>
    public void GiveForked(Userfaultfd child, AddressSpace mm)
    {
        Deadline deadline = Clock.Monotonic.After(ProtectLimit);
        foreach (AddressRange part in Adopted.Regions.SelectMany(region => region.Parts))
        {
            // All that are away now: with one others come home that the child has no copy of either.
            foreach (ulong page in PagesAway(part, mm))
            {
                Errno error = Errno.EAGAIN;
                while (!mm.PageTable.Read(page).IsPresent && error is (Errno.None or Errno.EAGAIN or Errno.EBUSY) && !deadline.HasPassed)
                {
                    error = mm.HandleFault(page, CpuAccess.Read);
                }

                Pages.CopyTo(child, AddressRange.PageAt(page));
            }

            _ = child.Unregister(part);
        }
    }

    private static List<ulong> PagesAway(AddressRange part, AddressSpace mm)
    {
        var pages = new List<ulong>();
        for (ulong page = part.Start; page < part.End.Value; page += Page.Size)
        {
            CpuPte pte = mm.PageTable.Read(page);
            if (!pte.IsNone && !pte.IsPresent)
            {
                pages.Add(page);
            }
        }

        return pages;
    }

    private void IsolateAdopted(AddressRange range, AdoptedRegion region)
    {
        foreach (AddressRange part in PartsOf(range, region))
        {
            Pages.Read(part, region.FrameOf(part.Start));
        }
    }

    /// <summary>Takes pages from the process, as far as it still maps them, and drops what their frames hold.</summary>
    private void DetachAdopted(AddressRange range, AdoptedRegion region)
    {
        TakeAdopted(range, region);
        _memory.Discard(region.FrameOf(range.Start), range.PageCount);
    }

    /// <summary>Takes every entry away; the bytes wait in the frames until the pages are given again.</summary>
    private void RevokeAdopted(AddressRange range, AdoptedRegion region)
    {
        IsolateAdopted(range, region);
        TakeAdopted(range, region);
    }

    private void TakeAdopted(AddressRange range, AdoptedRegion region)
    {
        foreach (AddressRange part in PartsOf(range, region))
        {
            Pages.Take(part);
        }
    }

    private static IEnumerable<AddressRange> PartsOf(AddressRange range, AdoptedRegion region) =>
        region.Parts.Select(part => part.Intersect(range)).Where(part => !part.IsEmpty);
}
