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
    /// <remarks>
    /// From the fork on until that is acted on nothing is given to the app: first the kernel puts it off, then the queue. So what the app has
    /// the child has, too, and the bytes of all else come home into their frames. A page that cannot come home is poisoned for the child.
    /// </remarks>
    public void GiveForked(MessageQueue child, AddressSpace mm)
    {
        // Exclusive: no page leaves for a device meanwhile.
        using (mm.MmapLock.EnterExclusive())
        {
            foreach (AdoptedRegion region in Adopted.Regions)
            {
                foreach (AddressRange part in region.Parts)
                {
                    GiveForked(child, mm, region, part);
                    Leave(child.Userfaultfd, part);
                }
            }
        }
    }

    private void GiveForked(MessageQueue child, AddressSpace mm, AdoptedRegion region, AddressRange part)
    {
        var had = new List<AddressRange>();
        _ = Pages.AddPresent(part, had);
        int next = 0;
        for (ulong page = part.Start; page < part.End.Value; page += Page.Size)
        {
            while (next < had.Count && had[next].End.Value <= page)
            {
                next++;
            }

            bool isHad = next < had.Count && had[next].Start.Value <= page;
            if (isHad || mm.PageTable.Read(page).IsNone)
            {
                continue;
            }

            if (TryBringHome(mm, page))
            {
                Pages.GiveForked(child, AddressRange.PageAt(page), region.FrameOf(page));
            }
            else
            {
                _ = child.Userfaultfd.Poison(AddressRange.PageAt(page));
            }
        }
    }

    /// <summary>Leaves private memory to a child. The kernel refuses a range as a whole where the child has something else by now.</summary>
    private static void Leave(Userfaultfd child, AddressRange range)
    {
        if (child.Unregister(range) == Errno.EINVAL && range.PageCount > 1)
        {
            VirtualAddress middle = range.Start + (range.PageCount / 2 * Page.Size);
            Leave(child, new AddressRange(range.Start, middle));
            Leave(child, new AddressRange(middle, range.End));
        }
    }

    /// <summary>Has the bytes of a page come to its frame, if it is away.</summary>
    private static bool TryBringHome(AddressSpace mm, ulong page)
    {
        Deadline deadline = Clock.Monotonic.After(ProtectLimit);
        Errno error = Errno.EAGAIN;
        while (!mm.PageTable.Read(page).IsPresent && error is (Errno.None or Errno.EAGAIN or Errno.EBUSY) && !deadline.HasPassed)
        {
            error = mm.HandleFaultLocked(page, CpuAccess.Read);
        }

        return mm.PageTable.Read(page).IsPresent;
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
