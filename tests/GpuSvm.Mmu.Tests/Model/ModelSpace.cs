using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>What an address space should be: lists and dictionaries that are searched from end to end, no trees and no counts.</summary>
/// <remarks>Predictions ask what a call will answer; changes follow a call that succeeded.</remarks>
internal sealed partial class ModelSpace<TFormat>(GpuAddressSpaceOptions options, AddressRange bounds)
    where TFormat : struct, IPageTableFormat
{
    /// <summary>What was given out and what is the client's, by address.</summary>
    public List<ModelArea> Areas { get; } = [];

    /// <summary>Pages that are mapped by pfn, by their first address.</summary>
    public Dictionary<ulong, ModelPage> Pages { get; } = [];

    public HashSet<ulong> Instances { get; } = [];

    public bool IsBooted { get; private set; }

    public AddressRange Bounds => bounds;

    public static int SmallestType => TFormat.PageTypeCount - 1;

    public static ulong SizeOf(int type) => TFormat.PageType(type).Size;

    public static int TypeOf(int shift, PageTypeUses uses)
    {
        for (int type = 0; type < TFormat.PageTypeCount; type++)
        {
            if (TFormat.PageType(type).Shift == shift && TFormat.PageType(type).Can(uses))
            {
                return type;
            }
        }

        return -1;
    }

    public void AddClientAreas()
    {
        if (options.Management == GpuAddressSpaceManagement.Managed)
        {
            AddClientArea(0, options.Start);
            AddClientArea(options.Start + options.Size, bounds.End);
        }
    }

    public ModelArea? AreaAt(ulong address) => Areas.Find(area => area.Contains(address));

    /// <summary>The page that covers an address, with where it begins.</summary>
    public (ulong Start, ModelPage Page)? PageAt(ulong address)
    {
        for (int type = TFormat.PageTypeCount - 1; type >= 0; type--)
        {
            ulong start = address & ~(SizeOf(type) - 1);
            if (TFormat.PageType(type).Can(PageTypeUses.Pfn) && Pages.TryGetValue(start, out ModelPage page) && page.Type == type)
            {
                return (start, page);
            }
        }

        return null;
    }

    /// <summary>The pages that touch a range.</summary>
    public List<(ulong Start, ModelPage Page)> PagesIn(ulong start, ulong end)
    {
        var found = new List<(ulong, ModelPage)>();
        ulong step = SizeOf(SmallestType);
        if ((end - start) / step > 16)
        {
            found.AddRange(Pages.Where(page => page.Key < end && page.Key + SizeOf(page.Value.Type) > start).Select(p => (p.Key, p.Value)));
            return found;
        }

        for (ulong at = start & ~(step - 1); at < end; at += step)
        {
            if (PageAt(at) is { } page && (found.Count == 0 || found[^1].Item1 != page.Start))
            {
                found.Add(page);
            }
        }

        return found;
    }

    public Errno PredictPut(ulong address) =>
        AreaAt(address) is { IsClients: false } area && area.Start == address ? Errno.None : Errno.ENOENT;

    public void Put(ulong address)
    {
        ModelArea area = AreaAt(address)!;
        area.Maps.ForEach(static map => map.Memory.Mappings--);
        foreach ((ulong start, _) in PagesIn(area.Start, area.End))
        {
            Pages.Remove(start);
        }

        Areas.Remove(area);
    }

    public Errno PredictUnmap(ulong address)
    {
        if (AreaAt(address) is not { } area)
        {
            return Errno.ENOENT;
        }

        (ulong start, _, ModelMap? map) = PieceAt(area, address);
        return start != address ? Errno.ENOENT : map is null ? Errno.EINVAL : Errno.None;
    }

    public void Unmap(ulong address)
    {
        ModelArea area = AreaAt(address)!;
        ModelMap map = area.MapAt(address)!;
        area.Maps.Remove(map);
        map.Memory.Mappings--;
    }

    public Errno PredictMap(Operation.Map map, ModelObject memory)
    {
        if (AreaAt(map.Address) is not { } area)
        {
            return Errno.ENOENT;
        }

        if (map.Size == 0 || PageAt(map.Address) is not null)
        {
            return Errno.EINVAL;
        }

        (ulong start, ulong end, ModelMap? old) = PieceAt(area, map.Address);
        bool isWhole = start == map.Address && end - start == map.Size;
        if (!isWhole && (map.Size > end - map.Address || old is not null || (area.Held < 0 && !area.IsMapRef)))
        {
            return Errno.EINVAL;
        }

        bool fits = memory.Memory.Size >= map.Offset && memory.Memory.Size - map.Offset >= map.Size;
        return fits && TFormat.HasKind(map.Attributes?.Kind ?? 0) && TypeFor(area, old, map, memory) >= 0 ? Errno.None : Errno.EINVAL;
    }

    public void Map(Operation.Map map, ModelObject memory)
    {
        ModelArea area = AreaAt(map.Address)!;
        ModelMap? old = area.MapAt(map.Address);
        int type = TypeFor(area, old, map, memory);
        if (old is not null)
        {
            old.Memory.Mappings--;
            area.Maps.Remove(old);
        }

        PageAttributes usual = memory.Memory.Target == Aperture.SystemCoherent ? PageAttributes.Volatile : PageAttributes.None;
        area.Maps.Add(new ModelMap(
            map.Address, map.Address + map.Size, memory, map.Offset, type, map.Attributes ?? new MapAttributes(usual)));
        memory.Mappings++;
        area.Held = area.IsMapRef ? -1 : type;
    }

    public Errno PredictBoot() => IsBooted || Areas.Exists(static area => area.IsSparse) ? Errno.EINVAL : Errno.None;

    public void Boot() => IsBooted = true;

    /// <summary>The largest run around an address that is in one state: mapped memory, or nothing mapped.</summary>
    private (ulong Start, ulong End, ModelMap? Map) PieceAt(ModelArea area, ulong address)
    {
        if (area.MapAt(address) is { } map)
        {
            return (map.Start, map.End, map);
        }

        ulong start = area.Start;
        ulong end = area.End;
        foreach (ModelMap other in area.Maps)
        {
            Narrow(other.Start, other.End);
        }

        foreach ((ulong page, ModelPage mapped) in Pages)
        {
            Narrow(page, page + SizeOf(mapped.Type));
        }

        return (start, end, null);

        void Narrow(ulong from, ulong to)
        {
            start = to <= address && to > start ? to : start;
            end = from > address && from < end ? from : end;
        }
    }

    private static int TypeFor(ModelArea area, ModelMap? old, Operation.Map map, ModelObject memory)
    {
        int wanted = old?.Type ?? (area.Held >= 0 ? area.Held : area.Type);
        for (int type = wanted >= 0 ? wanted : 0; type < TFormat.PageTypeCount && (wanted < 0 || type == wanted); type++)
        {
            PageType page = TFormat.PageType(type);
            PageTypeUses use = memory.Memory.Target == Aperture.VideoMemory ? PageTypeUses.VideoMemory : PageTypeUses.SystemMemory;
            if (page.Can(use) && page.IsAligned(map.Address | map.Size | map.Offset) && memory.Memory.PageShift >= page.Shift)
            {
                return type;
            }
        }

        return -1;
    }

    private void AddClientArea(ulong start, ulong end)
    {
        if (start != end)
        {
            Areas.Add(new ModelArea { Start = start, End = end, IsClients = true, IsMapRef = true });
            Areas.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        }
    }
}
