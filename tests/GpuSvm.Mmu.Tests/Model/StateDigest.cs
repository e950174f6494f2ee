namespace GpuSvm.Mmu.Tests.Model;

/// <summary>A hash of everything that a dump shows and a walk can reach.</summary>
/// <remarks>
/// Small entries below a large one that answers are left over from whatever was there; nobody reads them before they are written.
/// </remarks>
internal sealed class StateDigest<TFormat> : IAddressSpaceVisitor
    where TFormat : struct, IPageTableFormat
{
    // Which large entries answer: shown before any small ones.
    private readonly HashSet<ulong> _large = [];
    private ulong _hash;

    private static int LargeShift => TFormat.LargePageTable.Shift;

    private static int SmallShift => TFormat.SmallPageTable.Shift;

    public ulong Of(GpuAddressSpace space)
    {
        _hash = 0xcbf29ce484222325;
        _large.Clear();
        space.Dump(this);
        Add((ulong)space.MappedPages);
        Add((ulong)space.PageTableBytes);
        return _hash;
    }

    public void VisitArea(in GpuAreaInfo area)
    {
        Add(area.Start);
        Add(area.Size);
        Add(((ulong)area.Flags << 32) | ((ulong)(uint)(area.Page + 1) << 16) | (uint)(area.Referenced + 1));
        Add(area.Memory is { Owner: int id } memory ? ((ulong)id << 32) | (uint)memory.References : ulong.MaxValue);
    }

    public void VisitDirectory(int level, VirtualAddress address, int count, ulong low, ulong high)
    {
        Add(((ulong)level << 60) | address);
        Add((ulong)count);
        Add(low);
        Add(high);
    }

    public void VisitPages(PageTableSize table, VirtualAddress address, int count, ulong word)
    {
        if (table == PageTableSize.Large)
        {
            for (int i = 0; i < count; i++)
            {
                _large.Add((address.Value >> LargeShift) + (ulong)i);
            }
        }

        for (int next; table == PageTableSize.Small && _large.Count > 0 && count > 0; count -= next, address += (ulong)next << SmallShift)
        {
            ulong group = address.Value >> LargeShift;
            next = (int)Math.Min((ulong)count, (((group + 1) << LargeShift) - address) >> SmallShift);
            if (!_large.Contains(group))
            {
                AddRun(table, address, next, word);
            }
        }

        if (count > 0)
        {
            AddRun(table, address, count, word);
        }
    }

    private void AddRun(PageTableSize table, VirtualAddress address, int count, ulong word)
    {
        Add(((ulong)table << 60) | address);
        Add((ulong)count);
        Add(word);
    }

    private void Add(ulong word) => _hash = unchecked(ulong.RotateLeft(_hash ^ word, 29) * 0x9e3779b97f4a7c15);
}
