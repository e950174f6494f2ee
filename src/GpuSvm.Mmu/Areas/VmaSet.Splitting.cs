using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Mmu.Areas;

/// <content>Splitting what was allocated as one piece, and joining it again.</content>
internal sealed partial class VmaSet
{
    /// <summary>Makes <c>[start, start + size)</c> a piece of its own.</summary>
    /// <param name="vma">A used piece that holds the range. Nothing is mapped there, or pages by pfn.</param>
    /// <param name="start">First address.</param>
    /// <param name="size">Number of bytes; not 0.</param>
    /// <param name="middle">The piece, with the attributes of <paramref name="vma"/>; what lies behind <paramref name="start"/> is a part.</param>
    /// <returns>False for want of memory: then nothing has changed.</returns>
    /// <remarks>Source: nvkm_vmm_node_split.</remarks>
    public bool TrySplit(GpuVma vma, ulong start, ulong size, [NotNullWhen(true)] out GpuVma? middle)
    {
        ulong end = vma.End;
        middle = vma;
        if (start != vma.Start && !TryMake(start, end - start, out middle))
        {
            return false;
        }

        GpuVma? behind = null;
        if (start + size != end && !TryMake(start + size, end - start - size, out behind))
        {
            if (middle != vma)
            {
                Recycle(middle);
            }

            middle = null;
            return false;
        }

        if (middle != vma)
        {
            vma.Size = start - vma.Start;
            LinkPart(vma, middle);
        }

        if (behind is not null)
        {
            middle.Size = size;
            LinkPart(middle, behind);
        }

        AddParts(vma, middle, behind);
        return true;
    }

    /// <summary>Moves a range at an edge of a piece, or all of it, to neighbours in the state that it now has.</summary>
    /// <param name="previous">The neighbour before that takes the range, or null.</param>
    /// <param name="vma">The piece.</param>
    /// <param name="next">The neighbour behind that takes the range, or null. With both neighbours the range is the whole piece.</param>
    /// <param name="size">Size of the range: at the start of the piece with <paramref name="previous"/>, else at its end.</param>
    /// <returns>The piece that holds the range now.</returns>
    /// <remarks>Cannot fail. Source: nvkm_vmm_node_merge.</remarks>
    public GpuVma Merge(GpuVma? previous, GpuVma vma, GpuVma? next, ulong size)
    {
        if (vma.Size != size)
        {
            return MoveEdge(previous, vma, next, size);
        }

        if (next is null)
        {
            return previous is null ? vma : Absorb(previous, vma);
        }

        if (previous is null)
        {
            return Absorb(vma, next);
        }

        _byAddress.Remove(KeyOf(vma.Start), KeyOf(next.Start));
        previous.Size += vma.Size + next.Size;
        Discard(vma);
        Discard(next);
        return previous;
    }

    private GpuVma MoveEdge(GpuVma? previous, GpuVma vma, GpuVma? next, ulong size)
    {
        Checks.That(previous is null || next is null, "A range between two neighbours is a whole piece.");
        GpuVma moving = next ?? vma;
        if (next is null && previous is null)
        {
            return vma;
        }

        ulong before = moving.Start;
        if (next is not null)
        {
            next.Start -= size;
            next.Size += size;
        }
        else
        {
            previous!.Size += size;
            vma.Start += size;
        }

        vma.Size -= size;
        _byAddress.Replace(KeyOf(before), KeyOf(moving.Start), moving);
        return next ?? previous!;
    }

    private void LinkPart(GpuVma before, GpuVma part)
    {
        part.CopyAttributes(before);
        part.IsPart = true;
        LinkBehind(before, part);
    }

    private void AddParts(GpuVma vma, GpuVma middle, GpuVma? behind)
    {
        if (middle == vma)
        {
            if (behind is not null)
            {
                _byAddress.Insert(KeyOf(behind.Start), behind);
            }
        }
        else if (behind is null)
        {
            _byAddress.Insert(KeyOf(middle.Start), middle);
        }
        else
        {
            _byAddress.Insert(KeyOf(middle.Start), middle, KeyOf(behind.Start), behind);
        }
    }

    /// <summary>Makes the piece behind another one part of it.</summary>
    private GpuVma Absorb(GpuVma vma, GpuVma next)
    {
        _byAddress.Remove(KeyOf(next.Start));
        vma.Size += next.Size;
        Discard(next);
        return vma;
    }
}
