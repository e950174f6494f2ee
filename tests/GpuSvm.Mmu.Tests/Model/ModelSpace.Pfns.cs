using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <content>Pages by pfn.</content>
internal sealed partial class ModelSpace<TFormat>
{
    public Errno PredictPfnMap(Operation.PfnMap map)
    {
        int type = TypeOf(map.Shift, PageTypeUses.Pfn);
        if (type < 0 || !TFormat.PageType(type).IsAligned(map.Address) ||
            (UInt128)map.Address + ((UInt128)map.Pfns.Length << map.Shift) > bounds.End.Value ||
            map.Pfns.Any(pfn => pfn.IsValid && !CanEnter(TFormat.PageType(type), pfn)))
        {
            return Errno.EINVAL;
        }

        return map.Pfns.Length == 0 || AreaAt(map.Address) is not null ? Errno.None : Errno.ENOENT;
    }

    /// <summary>Page after page, as the entries say.</summary>
    /// <param name="map">The call.</param>
    /// <param name="got">The entries afterwards.</param>
    /// <param name="isStill">Null if nothing may have failed; else says whether a page that was to go is still there.</param>
    public void PfnMap(Operation.PfnMap map, ReadOnlySpan<PfnEntry> got, Func<ulong, ModelPage, bool>? isStill)
    {
        int type = TypeOf(map.Shift, PageTypeUses.Pfn);
        for (int i = 0; i < got.Length; i++)
        {
            ulong start = map.Address + ((ulong)i << map.Shift);
            ulong end = start + (1UL << map.Shift);
            bool isWanted = map.Pfns[i].IsValid && MayMap(start, end);
            if (got[i] != map.Pfns[i] && (got[i] != map.Pfns[i].Rejected() || (isWanted && isStill is null)))
            {
                throw new DisagreementException($"entry {i} was {map.Pfns[i]} and is {got[i]} now");
            }

            if (got[i].IsValid)
            {
                if (!isWanted)
                {
                    throw new DisagreementException($"entry {i} lies where no page may be mapped by pfn");
                }

                PagesIn(start, end).ForEach(page => Pages.Remove(page.Start));
                Pages.Add(start, new ModelPage(got[i], type));
            }
            else if (!map.Pfns[i].IsValid)
            {
                Remove(start, end, isStill);
            }
        }
    }

    public Errno PredictPfnUnmap(ulong start, ulong size)
    {
        if ((UInt128)start + size > bounds.End.Value)
        {
            return Errno.EINVAL;
        }

        return size == 0 || AreaAt(start) is not null ? Errno.None : Errno.EINVAL;
    }

    /// <summary>Takes back what the range touches, and where records could not be had, what lies beside it.</summary>
    public void PfnUnmap(ulong start, ulong size, Func<ulong, ModelPage, bool>? isStill)
    {
        if (size == 0)
        {
            return;
        }

        List<ModelArea> areas = PagesIn(start, start + size).ConvertAll(page => AreaAt(page.Start)!);
        Remove(start, start + size, isStill: null);
        if (isStill is not null)
        {
            areas.Distinct().ToList().ForEach(area => Remove(area.Start, area.End, isStill));
        }
    }

    private void Remove(ulong start, ulong end, Func<ulong, ModelPage, bool>? isStill)
    {
        foreach ((ulong at, ModelPage page) in PagesIn(start, end))
        {
            if (isStill?.Invoke(at, page) != true)
            {
                Pages.Remove(at);
            }
        }
    }

    private static bool CanEnter(PageType type, PfnEntry pfn) =>
        pfn.IsVideoMemory ? TFormat.CanAddress(new PageTarget(Aperture.VideoMemory, pfn.Address)) :
        !pfn.IsOnBus || (type.IsAligned(pfn.Address) && TFormat.CanAddress(new PageTarget(Aperture.SystemCoherent, pfn.Address)));

    private bool MayMap(ulong start, ulong end) =>
        AreaAt(start) is { IsMapRef: true } area && end <= area.End && !area.Maps.Exists(map => map.Start < end && map.End > start);
}
