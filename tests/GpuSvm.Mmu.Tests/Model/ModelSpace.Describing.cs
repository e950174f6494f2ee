namespace GpuSvm.Mmu.Tests.Model;

/// <content>The books as a dump shows them.</content>
internal sealed partial class ModelSpace<TFormat>
{
    public List<GpuAreaInfo> Describe()
    {
        var all = new List<GpuAreaInfo>();
        foreach ((ulong start, ulong end, _, _) in FreePieces())
        {
            all.Add(new GpuAreaInfo(start, end - start, GpuAreaFlags.None, -1, -1, null));
        }

        foreach (ModelArea area in Areas)
        {
            DescribeArea(area, all);
        }

        all.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        return all;
    }

    private void DescribeArea(ModelArea area, List<GpuAreaInfo> all)
    {
        var mapped = new List<(ulong Start, ulong End, int Type, GpuMemoryObject? Memory)>();
        area.Maps.ForEach(map => mapped.Add((map.Start, map.End, map.Type, map.Memory.Memory)));
        foreach ((ulong start, ModelPage page) in PagesIn(area.Start, area.End))
        {
            mapped.Add((start, start + SizeOf(page.Type), page.Type, null));
        }

        mapped.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        int first = all.Count;
        ulong at = area.Start;
        foreach ((ulong start, ulong end, int type, GpuMemoryObject? memory) in mapped)
        {
            Add(at, start, GpuAreaFlags.None, area.Held, null);
            if (memory is null && all.Count > first && all[^1] is { Memory: null } last && last.Start + last.Size == start &&
                (last.Flags & GpuAreaFlags.Mapped) != 0 && last.Referenced == type)
            {
                all[^1] = last with { Size = end - last.Start };
            }
            else
            {
                Add(start, end, GpuAreaFlags.Mapped, type, memory);
            }

            at = end;
        }

        Add(at, area.End, GpuAreaFlags.None, area.Held, null);

        void Add(ulong start, ulong end, GpuAreaFlags flags, int referenced, GpuMemoryObject? memory)
        {
            if (start < end)
            {
                flags |= GpuAreaFlags.Used |
                    (area.IsMapRef ? GpuAreaFlags.MapReferences : 0) |
                    (area.IsSparse ? GpuAreaFlags.Sparse : 0) |
                    (all.Count > first ? GpuAreaFlags.Part : 0);
                all.Add(new GpuAreaInfo(start, end - start, flags, area.Type, referenced, memory));
            }
        }
    }
}
