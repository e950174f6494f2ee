using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Live.Programs;

/// <summary>Accesses that cannot be served: they end, with one line in the log, and never wait for ever.</summary>
internal static class RefusalTraps
{
    /// <summary>No frame is left, for two threads at the same page.</summary>
    public static void NoMemory()
    {
        using var rig = new TrapRig(pages: 4, new PageFramesOptions { LimitFrames = 1 });
        rig.StoreServed(0, 0x11);
        Toucher load = rig.LoadByKernel(1);
        UffdMessage first = rig.NextFault(1);
        Toucher store = rig.StoreByKernel(1);
        UffdMessage second = rig.NextFault(1);
        rig.Messages.Add(first);
        rig.Messages.Add(second);
        rig.StartWorker();
        Check.Equal((int)Errno.EFAULT, load.End(), "the load");
        Check.Equal((int)Errno.EFAULT, store.End(), "the store");
        RequireRefused(rig, page: 1, Errno.ENOMEM);
        Check.Equal(0x11, rig.Alias(0)[0], "byte of the page beside");
    }

    /// <summary>The app has a mapping that the address space knows nothing of, with the mark of a write protection in it.</summary>
    public static void NoMapping()
    {
        using var rig = new TrapRig(pages: 2);
        rig.StoreServed(0, 0x11);
        rig.Buffer.IsEntered = false;
        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
        Check.Equal(Errno.None, rig.Mm.Unmap(rig.At(0), Page.Size), "unmapping");
        rig.StartWorker();
        rig.StartPump();
        Check.Equal((int)Errno.EFAULT, rig.LoadByKernel(0).End(), "the load");
        RequireRefused(rig, page: 0, Errno.EFAULT);
        rig.Store(1, 0x22).End();
        Check.Equal(0x22, rig.Alias(1)[0], "byte of the page beside");
    }

    /// <summary>No frame is left for a page that still carries the mark of a write protection.</summary>
    public static void NoMemoryForAMarkedPage()
    {
        bool isOpen = true;
        using var rig = new TrapRig(pages: 2, new PageFramesOptions { AllocationGate = () => Volatile.Read(ref isOpen) });
        rig.StoreServed(0, 0x11);
        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
        Check.Equal(Errno.None, rig.Mm.Discard(rig.At(0), Page.Size), "discard");
        Check.That(rig.Kernel(0).IsUserfaultWriteProtected, "the mark survives the hole");
        Volatile.Write(ref isOpen, false);
        rig.StartWorker();
        rig.StartPump();
        Check.Equal((int)Errno.EFAULT, rig.LoadByKernel(0).End(), "the load");
        RequireRefused(rig, page: 0, Errno.ENOMEM);
    }

    /// <summary>The thread that touches gets SIGBUS, which ends this process.</summary>
    public static void Signal()
    {
        using var rig = new TrapRig(pages: 2, new PageFramesOptions { AllocationGate = () => false });
        rig.StartWorker();
        rig.StartPump();
        rig.Store(0, 1).End();
    }

    private static void RequireRefused(TrapRig rig, int page, Errno error)
    {
        Check.That(rig.Messages.Drain(TrapRig.Limit), "all is acted on");
        Check.Equal(1, rig.Observer.Refused.Count, "accesses refused");
        Check.That(rig.Observer.Refused.TryPeek(out (DeferredFault Fault, Errno Error) refused), "one access is refused");
        Check.Equal((rig.At(page), error), (refused.Fault.Address.Value, refused.Error), "address and reason");
    }
}
