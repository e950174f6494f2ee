namespace GpuSvm.Svm;

/// <content>Where pages are.</content>
public sealed partial class SvmSpace
{
    /// <summary>Says of each page where it lies, which range it belongs to, and what the device may do with it.</summary>
    /// <param name="part">Page-aligned, below 2^48.</param>
    /// <returns>Runs of pages for which the same holds, in order; together <paramref name="part"/>. A run lies in one range, or in none.</returns>
    /// <exception cref="ArgumentException">It is not made of whole pages.</exception>
    /// <remarks>
    /// Each page is seen at one moment, two pages, and the two sides of one, at different ones. Of a page that is being moved the place that
    /// it leaves is told. Locking: takes the mmap lock shared, and behind it the notifier lock.
    /// </remarks>
    public IReadOnlyList<SvmResidencyRun> Residency(AddressRange part)
    {
        IReadOnlyList<ResidencyRun> places = Mm.Residency(part);
        List<SvmResidencyRun> runs = [];
        using (NotifierLock.Enter())
        {
            List<SvmResidencyRun> blocks = BlocksIn(part);
            int next = 0;
            foreach (ResidencyRun place in places)
            {
                for (VirtualAddress at = place.Range.Start; at < place.Range.End; at = runs[^1].Pages.End)
                {
                    while (next < blocks.Count && blocks[next].Pages.End <= at)
                    {
                        next++;
                    }

                    // What lies before the next block belongs to no range.
                    SvmResidencyRun found = next < blocks.Count && blocks[next].Pages.Start <= at ? blocks[next] : default;
                    VirtualAddress end = found.Pages.Contains(at) ? found.Pages.End : next < blocks.Count ? blocks[next].Pages.Start : part.End;
                    Append(runs, found with
                    {
                        Pages = new AddressRange(at, end < place.Range.End ? end : place.Range.End),
                        Place = PlaceOf(place),
                    });
                }
            }
        }

        return runs;
    }

    /// <summary>The ranges of a part, cut where the rights of their pages change.</summary>
    private List<SvmResidencyRun> BlocksIn(AddressRange part)
    {
        List<SvmResidencyRun> runs = [];
        foreach (SvmNotifier notifier in _notifiers.Overlaps(part))
        {
            foreach (SvmRange range in notifier.RangesIn(part))
            {
                int done = 0;
                foreach (ref readonly MappedBlock block in range.Blocks)
                {
                    Add(range, done, block.FirstPage, Protection.None);
                    Add(range, block.FirstPage, block.EndPage, block.IsCurrent ? block.Rights : Protection.None);
                    done = block.EndPage;
                }

                Add(range, done, range.PageCount, Protection.None);
            }
        }

        return runs;

        void Add(SvmRange range, int first, int end, Protection rights)
        {
            if (first < end)
            {
                Append(runs, new SvmResidencyRun(range.AddressesOf(first, end), default, rights, range.Range));
            }
        }
    }

    private SvmPlace PlaceOf(in ResidencyRun run) => run.Location switch
    {
        PageLocation.Unmapped => SvmPlace.Unmapped,
        PageLocation.Nowhere => SvmPlace.Untouched,
        PageLocation.Poisoned or PageLocation.Special => SvmPlace.Special,
        _ =>
            run.Device is null ? SvmPlace.System :
            run.Device == _options.Memory?.Pagemap ? SvmPlace.Own : SvmPlace.Other,
    };

    private static void Append(List<SvmResidencyRun> runs, in SvmResidencyRun next)
    {
        if (runs.Count > 0 && runs[^1].JoinsWith(next))
        {
            runs[^1] = runs[^1] with { Pages = new AddressRange(runs[^1].Pages.Start, next.Pages.End) };
        }
        else
        {
            runs.Add(next);
        }
    }
}
