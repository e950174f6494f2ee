namespace GpuSvm.Mm;

/// <summary>Looks pages up in the CPU's page table for a device, and faults them in where they are wanted.</summary>
/// <remarks>
/// <para>
/// The request for a page is <c>(word &amp; FlagsMask) | DefaultFlags</c>. Answers, where "wanted" is REQ_FAULT, with REQ_WRITE for
/// writing:
/// </para>
/// <code>
/// CPU state                              wanted                          not wanted
/// no mapping, unreadable, or special     EFAULT                          ERROR
/// no page                                fault                           0
/// wanted for writing, read-only mapping  EPERM                           -
/// the fault fails                        EFAULT                          -
/// page, writable                         frame, VALID, WRITE             the same
/// page, read-only, or zero page          frame, VALID; to write: fault   frame, VALID
/// page without rights                    fault                           0
/// page in memory of the range's owner    frame, VALID, WRITE if it may   the same
/// page in private memory of another      fault: it comes home            0
/// page that a device has for itself      fault: that ends                0
/// page that is being moved               wait, look again                0
/// page whose bytes are lost              EFAULT                          0
/// page that is only read, taken, given   EXDEV                           0
/// page of a huge page                    as other pages, of order 9 and with frames that follow each other
/// </code>
/// <para>
/// A page in the owner's private memory never faults: where it may only be read, one that is wanted for writing comes back without WRITE,
/// and who asks must look. A page that the CPU reaches in a device's memory is a page like any other.
/// </para>
/// <para>
/// An answer is only true under the mirror's update lock, after <see cref="IntervalNotifier.ReadRetry"/> said no.
/// Departure: Linux faults from the first page that needs it to the end of the page-table part, all in the way of that page. Here each
/// page is faulted only if it needs it, and in its own way: a page wanted for reading is not write-faulted because of a neighbour.
/// Source: Linux 7.0 mm/hmm.c.
/// </para>
/// </remarks>
public static partial class HmmRangeFault
{
    /// <summary>Faults on one page that are tried before the call gives up; a second one means that others took the page away.</summary>
    private const int FaultLimit = 16;

    private enum Need : byte
    {
        Nothing,
        Read,
        Write,
    }

    /// <summary>Fills <see cref="HmmRange.Pfns"/>.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="range">What is asked, and where the answers go.</param>
    /// <returns>
    /// <see cref="Errno.EBUSY"/>: an invalidation came, maybe through a fault of this call, or a page was being moved until the deadline;
    /// begin the read again. <see cref="Errno.EFAULT"/>, <see cref="Errno.EPERM"/>: of
    /// the first page that was wanted and cannot be had so. <see cref="Errno.EXDEV"/>: of one that no device can use where it is
    /// (<see cref="Vma.IsAliasable"/>), be it that nothing is there yet: move it first. After these three the words of pages before the one that failed are answers
    /// and the others still requests; after EBUSY any word may be either. Who asks by single words writes them again before the next call.
    /// </returns>
    /// <exception cref="ArgumentException">The range is not made of whole pages, or the words don't match it.</exception>
    /// <remarks>Locking: the mmap lock is held, shared is enough; no lock from the page locks on. May open invalidations.</remarks>
    public static Errno Fault(AddressSpace mm, ref HmmRange range)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(range.Notifier);
        if (!range.Range.IsPageAligned || range.Range.IsEmpty || range.Range.PageCount != (ulong)range.Pfns.Length)
        {
            throw new ArgumentException($"{range.Range} is not {range.Pfns.Length} whole pages.", nameof(range));
        }

        mm.MmapLock.AssertHeld();
        if (range.Notifier.CheckRetry(range.Sequence))
        {
            return Errno.EBUSY;
        }

        Errno error = WalkMappings(mm, ref range);
        return error == Errno.None && range.Notifier.CheckRetry(range.Sequence) ? Errno.EBUSY : error;
    }

    private static Errno WalkMappings(AddressSpace mm, ref HmmRange range)
    {
        ulong address = range.Range.Start;
        while (address < range.Range.End.Value)
        {
            Vma? vma = mm.NextVma(address);
            ulong start = vma is null ? range.Range.End : Math.Min(vma.Range.Start, range.Range.End);
            Errno error = address < start
                ? Refuse(ref range, ref address, start)
                : Walk(mm, vma!, ref range, ref address);
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    /// <summary>Answers for pages that no device can have: ERROR, unless one of them is wanted.</summary>
    private static Errno Refuse(ref HmmRange range, ref ulong address, ulong end)
    {
        for (; address < end; address += Page.Size)
        {
            ref HmmPfn pfn = ref PfnAt(range, address);
            if (NeedOf((pfn & range.FlagsMask) | range.DefaultFlags, default) != Need.Nothing)
            {
                return Errno.EFAULT;
            }

            pfn = pfn.Sticky | HmmPfn.Error;
        }

        return Errno.None;
    }

    /// <summary>Answers for the pages of one mapping.</summary>
    private static Errno Walk(AddressSpace mm, Vma vma, ref HmmRange range, ref ulong address)
    {
        ulong end = Math.Min(vma.Range.End, range.Range.End);
        if ((vma.Protection & Protection.Read) == 0 || vma.IsSpecial)
        {
            return Refuse(ref range, ref address, end);
        }

        while (address < end)
        {
            ulong leafEnd = Math.Min(CpuPageTable.LeafEnd(address), end);
            Errno error = WalkLeaf(mm, vma, range, address, leafEnd);
            if (error != Errno.None)
            {
                return error;
            }

            address = leafEnd;
        }

        return Errno.None;
    }

    /// <summary>Faults one page in until it is there as wanted.</summary>
    /// <remarks>
    /// That may invalidate the very range that is asked about (a write to the zero page does). The call goes on to the end none the less
    /// and says EBUSY there: so one more call suffices, and not one for each such page.
    /// </remarks>
    private static Errno FaultIn(AddressSpace mm, Vma vma, HmmPfn request, object? owner, ulong address, out HmmPfn found)
    {
        for (int i = 0; i < FaultLimit; i++)
        {
            found = Look(mm, vma, mm.PageTable.Find(address), address, owner, out bool isSettled);
            Need need = isSettled ? Need.Nothing : NeedOf(request, found);
            if (need == Need.Nothing)
            {
                return Errno.None;
            }

            if (need == Need.Write && !vma.Allows(CpuAccess.Write))
            {
                return Errno.EPERM;
            }

            // After EAGAIN the entry is there, which is what a device asks for; only the CPU does not have it yet.
            Errno error = mm.HandleFaultLocked(vma, address, need == Need.Write ? CpuAccess.Write : CpuAccess.Read);
            if (error is not (Errno.None or Errno.EAGAIN))
            {
                return error == Errno.EBUSY ? Errno.EBUSY : Errno.EFAULT;
            }
        }

        found = default;
        return Errno.EBUSY;
    }

    /// <summary>What must happen before the request for a page is met.</summary>
    private static Need NeedOf(HmmPfn request, HmmPfn found) =>
        !request.AsksForFault ? Need.Nothing :
        request.AsksForWrite && !found.IsWritable ? Need.Write :
        found.IsValid ? Need.Nothing : Need.Read;

    private static ref HmmPfn PfnAt(in HmmRange range, ulong address) =>
        ref range.Pfns[IndexOf(range, address)];

    private static int IndexOf(in HmmRange range, ulong address) => (int)((address - range.Range.Start.Value) >> Page.Shift);
}
