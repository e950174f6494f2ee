namespace GpuSvm.Mm;

/// <content>Faults on pages whose frame is fixed by the object that they are of.</content>
public sealed partial class AddressSpace
{
    /// <summary>Enters a page of a memory object, as it is: it may live in a device's memory, or a device have it alone, which the next look ends.</summary>
    /// <remarks>
    /// Another address space may have the page, and a device be moving it there or have it alone: so who enters it holds the page's lock.
    /// Source: Linux mm/shmem.c, shmem_get_folio (which returns the page locked).
    /// </remarks>
    private Errno EnterFixedPage(Vma vma, MemoryObject memory, ulong index, CpuLeaf leaf, ulong page, CpuAccess access)
    {
        Errno error = memory.TryGet(index, out FrameNumber frame);
        if (error != Errno.None)
        {
            return error;
        }

        if (!_frames.TryLock(frame))
        {
            // Without the reference, which who moves it would take for a pin.
            _frames.Put(frame);
            Deadline deadline = Clock.After(Deadline.Default);
            _frames.AwaitUnlock(frame, deadline);
            return deadline.HasPassed ? Errno.EBUSY : TellCpuAgain(leaf, page);
        }

        if (_frames.PlaceOf(memory.FirstFrame + index) == frame)
        {
            Protection rights = vma.EntryRights;
            _frames.Get(frame);
            error = EnterUnlessThere(
                vma,
                leaf,
                page,
                _frames.IsDevicePrivate(frame) ? CpuPte.DevicePrivate(frame, rights) :
                (_frames.FlagsOf(frame) & FrameFlags.DeviceExclusive) != 0 ? CpuPte.DeviceExclusive(frame, rights) :
                CpuPte.Map(frame, rights).Touched(access),
                access == CpuAccess.Write ? FrameFlags.Dirty : FrameFlags.None);
        }
        else
        {
            error = TellCpuAgain(leaf, page);
        }

        _frames.Unlock(frame);
        _frames.Put(frame);
        memory.Entered(index);
        return error;
    }
}
