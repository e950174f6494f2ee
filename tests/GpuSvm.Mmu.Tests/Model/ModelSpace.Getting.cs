using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <content>Where addresses are given out.</content>
internal sealed partial class ModelSpace<TFormat>
{
    public Errno PredictGet(GetRequest request, out ulong address)
    {
        address = 0;
        bool hasReferences = (request.Flags & GetFlags.References) != 0;
        int type = request.PageShift == 0 ? -1 : TypeOf(request.PageShift, PageTypeUses.None);
        bool isForAny = request.PageShift == 0 && !hasReferences && TFormat.PageBlock == 0;
        if (request.Size == 0 || request.AlignShift > 63 || request.Flags == GetFlags.Sparse ||
            !(type < 0 ? isForAny : TFormat.PageType(type).IsAligned(request.Size)))
        {
            return Errno.EINVAL;
        }

        int align = Math.Max(request.AlignShift, type < 0 ? Page.Shift : request.PageShift);
        if (BestFit(request.Size, align, type) is not { } found)
        {
            return Errno.ENOSPC;
        }

        address = found;
        if ((request.Flags & GetFlags.Sparse) == 0)
        {
            return Errno.None;
        }

        int needed = hasReferences ? type : SmallestType;
        bool canBe = TFormat.PageType(needed).Can(PageTypeUses.Sparse) && TFormat.PageType(needed).IsAligned(request.Size);
        return canBe && !(IsBooted && needed != SmallestType) ? Errno.None : Errno.EINVAL;
    }

    public void Get(GetRequest request, ulong address)
    {
        bool hasReferences = (request.Flags & GetFlags.References) != 0;
        int type = request.PageShift == 0 ? -1 : TypeOf(request.PageShift, PageTypeUses.None);
        Areas.Add(new ModelArea
        {
            Start = address,
            End = address + request.Size,
            IsMapRef = !hasReferences && (request.Flags & GetFlags.MapReferences) != 0,
            IsSparse = (request.Flags & GetFlags.Sparse) != 0,
            Type = type,
            Held = hasReferences ? type : -1,
        });
        Areas.Sort(static (a, b) => a.Start.CompareTo(b.Start));
    }

    /// <summary>What is not given out, in pieces without a gap, with the page types of the areas before and behind.</summary>
    public List<(ulong Start, ulong End, int Before, int Behind)> FreePieces()
    {
        bool isManaged = options.Management == GpuAddressSpaceManagement.Managed;
        ulong at = isManaged ? options.Start : bounds.Start;
        ulong end = isManaged ? options.Start + options.Size : bounds.End;
        var pieces = new List<(ulong, ulong, int, int)>();
        int before = at == 0 || !isManaged ? int.MaxValue : -1;
        foreach (ModelArea area in Areas)
        {
            if (area.IsClients)
            {
                continue;
            }

            if (area.Start > at)
            {
                pieces.Add((at, area.Start, before, area.Type));
            }

            before = area.Type;
            at = area.End;
        }

        if (at < end)
        {
            pieces.Add((at, end, before, end == bounds.End ? int.MaxValue : -1));
        }

        return pieces;
    }

    /// <summary>The first address in the smallest piece that fits, the lowest among equals.</summary>
    private ulong? BestFit(ulong size, int alignShift, int type)
    {
        ulong? best = null;
        ulong smallest = ulong.MaxValue;
        foreach ((ulong start, ulong end, int before, int behind) in FreePieces())
        {
            UInt128 first = start;
            ulong last = end;
            if (TFormat.PageBlock != 0)
            {
                first = before != int.MaxValue && before != type ? AlignUp(first, TFormat.PageBlock) : first;
                last = behind != int.MaxValue && behind != type ? last & ~(TFormat.PageBlock - 1) : last;
            }

            first = AlignUp(first, 1UL << alignShift);
            if (first + size <= last && end - start < smallest)
            {
                best = (ulong)first;
                smallest = end - start;
            }
        }

        return best;
    }

    private static UInt128 AlignUp(UInt128 address, ulong alignment) => (address + alignment - 1) / alignment * alignment;
}
