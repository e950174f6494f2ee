namespace GpuSvm.Mmu.Areas;

/// <summary>The books of an address space: which pieces are used and which are free.</summary>
/// <param name="addressBits">Number of bits of an address.</param>
/// <param name="bookkeeping">Is asked for each record of a piece.</param>
/// <remarks>
/// <para>
/// Every piece is in a list by address. Used pieces are also in an index by address, free ones in an index by size. What was allocated as
/// one piece may be split while parts of it are mapped: the parts behind the first are marked, and go together when it is given back.
/// </para>
/// <para>
/// Whatever can fail does so before anything changes; a record that is not used any more is kept for the next, so that nothing is
/// allocated when warm. Locking: the caller's, exclusive. Source: Linux nouveau vmm.c, nvkm_vmm_node_*, nvkm_vmm_free_*.
/// </para>
/// </remarks>
internal sealed partial class VmaSet(int addressBits, IMmuBookkeeping? bookkeeping)
{
    private readonly SortedIndex<StartKey, GpuVma> _used = new();
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
        _used.Insert(new StartKey(start), vma);
        return Errno.None;
    }

    /// <summary>The used piece that holds an address, or null.</summary>
    public GpuVma? Find(ulong address) => _used.Floor(new StartKey(address)) is { } vma && vma.Contains(address) ? vma : null;

    /// <summary>The piece that holds an address of the space, used or free.</summary>
    /// <remarks>Free neighbours are one piece, so it is the used one before the address or the next.</remarks>
    public GpuVma PieceAt(ulong address)
    {
        GpuVma vma = _used.Floor(new StartKey(address)) ?? First!;
        while (!vma.Contains(address))
        {
            vma = vma.Next!;
        }

        return vma;
    }

    /// <summary>Puts a piece that <see cref="TryAllocate"/> gave among the used ones; its attributes are set.</summary>
    public void Use(GpuVma vma)
    {
        vma.IsUsed = true;
        _used.Insert(new StartKey(vma.Start), vma);
    }

    /// <summary>Frees a piece that <see cref="TryAllocate"/> gave and that was not used, or was taken out by <see cref="Withdraw"/>.</summary>
    /// <remarks>No attribute is left; free neighbours become one piece with it. Source: nvkm_vmm_put_region.</remarks>
    public void GiveBack(GpuVma vma)
    {
        ulong end = vma.End;
        if (vma.Next is { IsUsed: false } next)
        {
            if (vma.Previous is not { IsUsed: false })
            {
                _free.Resize(next, vma.Start, next.End - vma.Start);
                Discard(vma);
                return;
            }

            end = next.End;
            _free.Remove(next);
            Discard(next);
        }

        if (vma.Previous is { IsUsed: false } previous)
        {
            _free.Resize(previous, previous.Start, end - previous.Start);
            Discard(vma);
            return;
        }

        vma.Reset();
        _free.Insert(vma);
    }

    /// <summary>Takes a piece out of the used ones: it is neither used nor free until <see cref="GiveBack"/>.</summary>
    public void Withdraw(GpuVma vma) => _used.Remove(new StartKey(vma.Start));

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

    private void LinkBefore(GpuVma behind, GpuVma vma)
    {
        vma.Next = behind;
        vma.Previous = behind.Previous;
        if (behind.Previous is { } previous)
        {
            previous.Next = vma;
        }
        else
        {
            First = vma;
        }

        behind.Previous = vma;
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
