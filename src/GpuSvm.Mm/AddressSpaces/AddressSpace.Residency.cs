namespace GpuSvm.Mm;

/// <content>Where pages are.</content>
public sealed partial class AddressSpace
{
    /// <summary>Says of each page of a range where it is, who maps it, with what rights, and of which size.</summary>
    /// <param name="range">Page-aligned, below 2^48.</param>
    /// <returns>Runs of pages for which the same holds, in order; together the range.</returns>
    /// <exception cref="ArgumentException">The range is not made of whole pages.</exception>
    /// <remarks>Each page is seen at one moment, two pages at different ones. Source: Linux move_pages(2), /proc/pid/pagemap.</remarks>
    public IReadOnlyList<ResidencyRun> Residency(AddressRange range)
    {
        if (!range.IsPageAligned || range.End > CpuPageTable.AddressLimit)
        {
            throw new ArgumentException($"{range} is not made of whole pages below 2^48.", nameof(range));
        }

        List<ResidencyRun> runs = [];
        using (MmapLock.EnterShared())
        {
            ulong address = range.Start;
            while (address < range.End.Value)
            {
                Vma? vma = _vmas.Next(address);
                ulong start = Math.Min(vma?.Range.Start ?? range.End, range.End);
                if (address < start)
                {
                    Append(runs, Run(new AddressRange(address, start), PageLocation.Unmapped));
                    address = start;
                }
                else
                {
                    AddressRange part = new(address, Math.Min(vma!.Range.End, range.End));
                    Look(vma, part, runs);
                    address = part.End;
                }
            }
        }

        return runs;
    }

    private void Look(Vma vma, AddressRange range, List<ResidencyRun> runs)
    {
        ulong done = range.Start;
        ulong address = range.Start;
        while (_table.FindNext(ref address, range.End) is { } leaf)
        {
            AddUntouched(runs, done, address);
            done = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            using (leaf.Lock.Enter())
            {
                for (; address < done; address += Page.Size)
                {
                    Append(runs, Look(vma, address, leaf.Read(address)));
                }
            }
        }

        AddUntouched(runs, done, range.End);
    }

    private static void AddUntouched(List<ResidencyRun> runs, ulong start, ulong end)
    {
        if (start < end)
        {
            Append(runs, Run(new AddressRange(start, end), PageLocation.Nowhere));
        }
    }

    /// <summary>What an entry says. Page-table lock held, so its frame stays.</summary>
    private ResidencyRun Look(Vma vma, ulong page, CpuPte pte)
    {
        ResidencyRun run = Run(AddressRange.PageAt(page), LocationOf(vma, pte)) with
        {
            Rights = pte.KeptRights,
            PageSize = pte.IsHuge ? HugePage.Size : Page.Size,
        };
        return !pte.NamesFrame ? run : vma.IsSpecial ? run with { FirstFrame = pte.Frame } : run with
        {
            FirstFrame = pte.Frame,
            Maps = _frames.MapCount(pte.Frame),
            Device = _frames.PagemapOf(pte.Frame),
        };
    }

    private PageLocation LocationOf(Vma vma, CpuPte pte) =>
        pte.IsNone ? PageLocation.Nowhere :
        pte.IsPoisoned ? PageLocation.Poisoned :
        pte.IsMigration ? PageLocation.Moving :
        pte.IsDevicePrivate ? PageLocation.DevicePrivate :
        pte.IsDeviceExclusive ? PageLocation.DeviceExclusive :
        vma.IsSpecial ? PageLocation.Special :
        pte.Frame == _frames.ZeroFrame ? PageLocation.ZeroPage :
        _frames.PagemapOf(pte.Frame) is null ? PageLocation.System : PageLocation.DeviceCoherent;

    private static ResidencyRun Run(AddressRange range, PageLocation location) =>
        new(range, location, Protection.None, 0, Page.Size, null, null);

    private static void Append(List<ResidencyRun> runs, in ResidencyRun next)
    {
        if (runs.Count > 0 && runs[^1].JoinsWith(next))
        {
            runs[^1] = runs[^1] with { Range = new AddressRange(runs[^1].Range.Start, next.Range.End) };
        }
        else
        {
            runs.Add(next);
        }
    }
}
