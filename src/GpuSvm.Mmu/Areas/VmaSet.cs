namespace GpuSvm.Mmu.Areas;

/// <summary>The books of an address space: which pieces are used and which are free.</summary>
/// <param name="addressBits">Number of bits of an address.</param>
/// <param name="bookkeeping">Is asked for each record of a piece.</param>
/// <remarks>
/// <para>
/// Every piece is in a list and in an index by address; free ones are also in an index by size. What was allocated as one piece may be
/// split while parts of it are mapped: the parts behind the first are marked, and go together when it is given back.
/// </para>
/// <para>
/// Whatever can fail does so before anything changes; a record that is not used any more is kept for the next, so that nothing is
/// allocated when warm. Locking: the caller's, exclusive. Source: Linux nouveau vmm.c, nvkm_vmm_node_*, nvkm_vmm_free_*.
/// </para>
/// </remarks>
internal sealed partial class VmaSet(int addressBits, IMmuBookkeeping? bookkeeping)
{
    private readonly PieceIndex _byAddress = new();
    private readonly FreePieces _free = new(addressBits);
    private GpuVma? _last;
    private GpuVma? _spare;

    /// <summary>The piece at the start of the address space.</summary>
    public GpuVma? First { get; private set; }

    /// <summary>Adds a free piece at the end of the list.</summary>
    /// <returns><see cref="Errno.None"/> or <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryAddFree(ulong start, ulong size)
    {
        if (!TryMake(start, size, out GpuVma? vma))
        {
            return Errno.ENOMEM;
        }

        Append(vma);
        _byAddress.Insert(KeyOf(start), vma);
        _free.Insert(vma);
        return Errno.None;
    }

    /// <summary>Adds a piece at the end of the list that its client manages: used, with page tables referenced as memory is mapped.</summary>
    /// <returns><see cref="Errno.None"/> or <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryAddManaged(ulong start, ulong size)
    {
        if (!TryMake(start, size, out GpuVma? vma))
        {
            return Errno.ENOMEM;
        }

        vma.IsMapRef = true;
        vma.IsUsed = true;
        Append(vma);
        _byAddress.Insert(KeyOf(start), vma);
        return Errno.None;
    }

    /// <summary>The used piece that holds an address, or null.</summary>
    public GpuVma? Find(ulong address) =>
        _byAddress.AtMost(KeyOf(address)) is { IsUsed: true } vma && vma.Contains(address) ? vma : null;

    /// <summary>The piece that holds an address of the space, used or free.</summary>
    public GpuVma PieceAt(ulong address) => _byAddress.AtMost(KeyOf(address))!;

    /// <summary>Frees a piece that <see cref="TryAllocate"/> gave.</summary>
    /// <remarks>No attribute is left; free neighbours become one piece with it. Source: nvkm_vmm_put_region.</remarks>
    public void GiveBack(GpuVma vma)
    {
        GpuVma? previous = vma.Previous is { IsUsed: false } before ? before : null;
        if (vma.Next is { IsUsed: false } next)
        {
            ulong end = next.End;
            if (previous is null)
            {
                vma.Reset();
                _free.Replace(next, vma, vma.Start, end - vma.Start);
                _byAddress.Remove(KeyOf(next.Start));
                Discard(next);
                return;
            }

            _free.Remove(next);
            _free.Resize(previous, previous.Start, end - previous.Start);
            _byAddress.Remove(KeyOf(vma.Start), KeyOf(next.Start));
            Discard(next);
            Discard(vma);
        }
        else if (previous is not null)
        {
            _free.Resize(previous, previous.Start, vma.End - previous.Start);
            _byAddress.Remove(KeyOf(vma.Start));
            Discard(vma);
        }
        else
        {
            vma.Reset();
            _free.Insert(vma);
        }
    }

    // An address behind every space is one number with all others there.
    private static long KeyOf(ulong address) => (long)Math.Min(address, 1UL << 62);

    private bool TryMake(ulong start, ulong size, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out GpuVma? vma)
    {
        vma = null;
        if (bookkeeping is not null && !bookkeeping.MayMake(MmuNode.Area))
        {
            return false;
        }

        vma = _spare ?? new GpuVma();
        _spare = vma.Next;
        vma.Next = null;
        vma.Start = start;
        vma.Size = size;
        return true;
    }

    private void Append(GpuVma vma)
    {
        vma.Previous = _last;
        if (_last is { } last)
        {
            last.Next = vma;
        }
        else
        {
            First = vma;
        }

        _last = vma;
    }

    private void LinkBehind(GpuVma before, GpuVma vma)
    {
        vma.Previous = before;
        vma.Next = before.Next;
        if (before.Next is { } next)
        {
            next.Previous = vma;
        }
        else
        {
            _last = vma;
        }

        before.Next = vma;
    }

    /// <summary>Takes a piece out of the list and keeps its record for the next.</summary>
    private void Discard(GpuVma vma)
    {
        if (vma.Previous is { } previous)
        {
            previous.Next = vma.Next;
        }
        else
        {
            First = vma.Next;
        }

        if (vma.Next is { } next)
        {
            next.Previous = vma.Previous;
        }
        else
        {
            _last = vma.Previous;
        }

        Recycle(vma);
    }

    private void Recycle(GpuVma vma)
    {
        vma.Reset();
        vma.Previous = null;
        vma.Next = _spare;
        _spare = vma;
    }
}
