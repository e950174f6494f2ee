namespace GpuSvm.Live;

/// <content>Private memory that becomes the app's alone again.</content>
internal sealed partial class EngineSession
{
    /// <summary>How long pages may take to come home before memory stays adopted.</summary>
    private static readonly TimeSpan HomeLimit = 10 * Deadline.Default;

    /// <summary>How often a page is looked at while nothing else can be done.</summary>
    private const int HomeLooks = 16;

    /// <summary>Brings memory home for good, as far as nobody else has adopted it.</summary>
    /// <exception cref="ArgumentException">There is no such number, or it was given back.</exception>
    /// <exception cref="SvmException">A page could not come home; what it belongs to stays adopted, and this can be tried again.</exception>
    public void GiveBack(long id)
    {
        Drain();
        using (_adopting.Enter())
        {
            if (!_adopted.TryGetValue(id, out List<AdoptedRegion>? regions))
            {
                throw new ArgumentException($"There is no adopted memory {id}.", nameof(id));
            }

            // Should one not come home, the others are done with.
            foreach (AdoptedRegion region in regions.ToArray())
            {
                if (region.Users == 1)
                {
                    GiveBack(region);
                }

                region.Users--;
                regions.Remove(region);
            }

            _adopted.Remove(id);
        }
    }

    /// <summary>Brings all memory home for good; what has no room at first may find it where other regions were.</summary>
    /// <exception cref="SvmException">A page could not come home; what it belongs to stays adopted, and this can be tried again.</exception>
    private void GiveBackAll()
    {
        using (_adopting.Enter())
        {
            AdoptedTable table = _app.Cpu!.Adopted;
            SvmException? failure;
            int before;
            do
            {
                AdoptedRegion[] regions = table.Regions;
                before = regions.Length;
                failure = null;
                foreach (AdoptedRegion region in regions)
                {
                    failure = TryGiveBack(region) ?? failure;
                }
            }
            while (failure is not null && table.Regions.Length < before);

            if (failure is not null)
            {
                throw failure;
            }
        }
    }

    private SvmException? TryGiveBack(AdoptedRegion region)
    {
        try
        {
            GiveBack(region);
            return null;
        }
        catch (SvmException failure)
        {
            return failure;
        }
    }

    private void GiveBack(AdoptedRegion region)
    {
        Deadline deadline = Clock.Monotonic.After(HomeLimit);
        Errno error;
        do
        {
            // What the app has changed keeps pages out of it until that is acted on, which needs the mmap lock.
            _ = _messages.Drain(deadline);
            error = Errno.None;

            // What is elsewhere in its range is another's: the app has unmapped this there, and mapped and adopted something since.
            foreach (Vma vma in _mm.Vmas().Where(vma => vma.Backing?.Memory == region.Memory))
            {
                error = error == Errno.None ? _mm.Unmap(vma.Range.Start, vma.Range.Length, () => BringHome(region, vma.Range)) : error;
            }
        }
        while (error == Errno.EAGAIN && !deadline.HasPassed);

        if (error != Errno.None)
        {
            throw new SvmException(error, $"The adopted memory {region.Range} could not come home ({error}).");
        }

        foreach (List<AdoptedRegion> regions in _adopted.Values)
        {
            regions.Remove(region);
        }

        _app.Cpu!.Adopted.Remove(region);
        _frames.Release(region.Memory);
    }

    /// <summary>Gives the app every page of a mapping, and lets the kernel serve its faults again.</summary>
    /// <remarks>Mmap lock held exclusively: no page leaves meanwhile.</remarks>
    /// <returns>EAGAIN when what the app has changed there must be acted on first.</returns>
    private Errno BringHome(AdoptedRegion region, AddressRange range)
    {
        if (!Array.Exists(region.Parts, part => part.Contains(range)))
        {
            return Errno.EAGAIN;
        }

        for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
        {
            Errno error = BringHome(page);
            if (error is not (Errno.None or Errno.EFAULT))
            {
                return error;
            }
        }

        // Refused as a whole where the app has something else by now, which it is about to tell; but not if it has ended.
        if (_userfaultfd.Unregister(range) != Errno.None && ProcessMaps.IsMapped(_app.ProcessId!.Value, range))
        {
            return Errno.EAGAIN;
        }

        // From here on nothing is taken from the app there; who waits for a page goes on.
        region.Forget(range);
        return Errno.None;
    }

    /// <returns>EAGAIN when it cannot come home before something else is done.</returns>
    private Errno BringHome(ulong page)
    {
        for (int looks = 0; !_mm.PageTable.Read(page).IsNone; looks++)
        {
            Errno error = _mm.HandleFaultLocked(page, CpuAccess.Read);
            bool isThere = error == Errno.None && _mm.PageTable.Read(page).IsPresent;
            if (isThere || error is not (Errno.None or Errno.EAGAIN or Errno.EBUSY))
            {
                return error;
            }

            if (looks == HomeLooks)
            {
                return Errno.EAGAIN;
            }

            // The app changes its mappings, and waits for that to be read.
            _messages.Read();
            default(Spin).Once();
        }

        return Errno.None;
    }
}
