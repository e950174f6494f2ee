namespace GpuSvm.Driver;

/// <content>What the CPU's page table says of the pages of a block.</content>
internal sealed partial class BlockService
{
    /// <summary>Puts the pages that wait and that an interval guards into spans: pages that follow each other, with what may come along.</summary>
    private void FindSpans(in MirrorInterval interval)
    {
        _spanCount = 0;
        foreach (ref readonly PageGroup group in Groups)
        {
            if (group.State != PageState.Pending || !interval.Range.Contains(AddressRange.PageAt(AddressOf(group.Page))))
            {
                continue;
            }

            PageSpan span = options.PagesPerFault == 1 ? new PageSpan(group.Page, group.Page + 1) : WindowAround(group.Page, interval);
            if (_spanCount > 0 && span.First <= _spans[_spanCount - 1].End)
            {
                _spans[_spanCount - 1] = _spans[_spanCount - 1] with { End = Math.Max(span.End, _spans[_spanCount - 1].End) };
            }
            else
            {
                _spans[_spanCount++] = span;
            }
        }
    }

    /// <summary>The pages that may be mapped with one that faulted: those of its window that the interval guards.</summary>
    private PageSpan WindowAround(int page, in MirrorInterval interval)
    {
        int size = options.PagesPerFault;
        int first = page & ~(size - 1);
        var window = new AddressRange(AddressOf(first), AddressOf(first + size));
        window = _client.Mirror.MirroredAround(AddressOf(page), window.Intersect(interval.Range));
        return window.IsPageAligned ? new PageSpan(groups.IndexOf(window.Start), groups.IndexOf(window.End)) : new PageSpan(page, page + 1);
    }

    /// <summary>Looks all spans up in one pass of the mmap lock.</summary>
    /// <returns>False when an invalidation came between: look up again.</returns>
    private bool TryLookUp(in MirrorInterval interval, long sequence)
    {
        using (_client.Mm.MmapLock.EnterShared())
        {
            foreach (PageSpan span in _spans.AsSpan(0, _spanCount))
            {
                Errno error = LookUp(interval, sequence, span);
                if (error == Errno.EBUSY || (error != Errno.None && !TryLookUpSingly(interval, sequence, span, error)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private Errno LookUp(in MirrorInterval interval, long sequence, PageSpan span)
    {
        Span<HmmPfn> words = _found.AsSpan(span.First, span.Count);
        HmmPfn mask = Request(span, words);
        var range = new HmmRange
        {
            Notifier = interval.Notifier,
            Sequence = sequence,
            Range = new AddressRange(AddressOf(span.First), AddressOf(span.End)),
            FlagsMask = mask,
            Pfns = words,
            Owner = _client.DevicePages?.Owner,
        };
        return HmmRangeFault.Fault(_client.Mm, ref range);
    }

    /// <summary>Writes what is wanted of each page of a span.</summary>
    /// <returns>All that is wanted of any.</returns>
    private HmmPfn Request(PageSpan span, Span<HmmPfn> words)
    {
        words.Clear();
        var all = default(HmmPfn);
        for (int i = groups.FirstAt(span.First); i < groups.Count && groups[i].Page < span.End; i++)
        {
            if (groups[i].State == PageState.Pending)
            {
                HmmPfn request = FaultRights.RequestOf(AccessOf(groups[i]));
                words[groups[i].Page - span.First] = request;
                all |= request;
            }
        }

        return all;
    }

    /// <summary>After an error somewhere in a span: an error of one page is no other page's.</summary>
    private bool TryLookUpSingly(in MirrorInterval interval, long sequence, PageSpan span, Errno first)
    {
        for (int page = span.First; page < span.End; page++)
        {
            Errno error = span.Count == 1 ? first : LookUp(interval, sequence, new PageSpan(page, page + 1));
            if (error == Errno.EBUSY)
            {
                return false;
            }

            _errors[page] = error;
            if (error != Errno.None)
            {
                _found[page] = HmmPfn.Error;
            }
        }

        return true;
    }
}
