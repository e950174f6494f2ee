using GpuSvm.Core;

namespace GpuSvm.Live.Programs;

/// <summary>Rights that are taken away while the kernel is busy or the app changes its mappings.</summary>
internal static class ProtectionTraps
{
    /// <summary>A fault that was put off is served only after its page was write-protected.</summary>
    public static void LateContinue()
    {
        using var rig = new TrapRig(pages: 4);
        Toucher load = rig.Load(0);
        UffdMessage fault = rig.NextFault(0);
        Toucher forget = rig.Forget(3);
        rig.AwaitMessage();
        Check.Equal(Errno.EAGAIN, rig.Serve(fault), "the fault while an event is unread");
        Check.Equal(Protection.ReadWrite, rig.Entry(0).Rights, "rights of the entry");
        Check.That(!load.HasEnded, "the load waits");

        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
        forget.End();
        Check.Equal(Errno.None, rig.Serve(fault), "the fault, asked again");
        Check.Equal(0, load.End(), "byte loaded");
        Check.That(rig.Kernel(0).IsPresent, "the page is mapped");
        Check.That(rig.Kernel(0).IsUserfaultWriteProtected, "the page is write-protected");

        Toucher store = rig.Store(0, 0x5A);
        fault = rig.NextFault(0);
        Check.That(fault.IsWriteProtect, "the store faults");
        Check.Equal(0, rig.Alias(0)[0], "byte before the store");
        Check.Equal(Errno.None, rig.Serve(fault), "store");
        store.End();
        Check.Equal(0x5A, rig.Alias(0)[0], "byte after the store");
    }

    /// <summary>The kernel puts off a write protection for an event that only the caller can read.</summary>
    public static void ProtectWhileAnEventIsUnread()
    {
        using var rig = new TrapRig(pages: 4);
        rig.StoreServed(0, 0x11);
        Toucher forget = rig.Forget(2);
        rig.AwaitMessage();
        Check.Equal(Errno.EAGAIN, rig.Uffd.WriteProtect(rig.Pages(0)), "what the kernel says to it");

        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
        Check.That(rig.Kernel(0).IsUserfaultWriteProtected, "the page is write-protected");
        Check.Equal(0, forget.End(), "the app's madvise");
        Check.That(rig.Messages.TryTake(TrapRig.Limit, out UffdMessage message), "the event is queued");
        Check.Equal((UffdEvent.Remove, rig.At(2), rig.At(3)), (message.Event, message.Start, message.End), "the event");
    }

    /// <summary>The app has unmapped the middle of what is protected.</summary>
    public static void ProtectAroundAGap()
    {
        using var rig = new TrapRig(pages: 6);
        ProtectAround(rig, rig.Unmap);
    }

    /// <summary>The app has other memory in the middle of what is protected, where the kernel stops.</summary>
    public static void ProtectAroundOtherMemory()
    {
        using var rig = new TrapRig(pages: 6);
        ProtectAround(rig, rig.Replace);
        Check.Equal(Errno.ENOENT, rig.Uffd.WriteProtect(rig.Pages(0, 6)), "what the kernel says to the whole range");
    }

    /// <summary>No access: the bytes stay, every access waits, and finds them when it is allowed again.</summary>
    public static void Revoke()
    {
        using var rig = new TrapRig(pages: 2);
        rig.StoreServed(0, 0x5A);
        rig.StoreServed(1, 0x5B);
        Check.Equal(Errno.None, rig.Mm.Protect(rig.At(0), 2 * Page.Size, Protection.None), "protection");
        Check.That(!rig.Kernel(0).IsPresent && !rig.Kernel(1).IsPresent, "no page is mapped");
        Check.Equal((0x5A, 0x5B), (rig.Alias(0)[0], rig.Alias(1)[0]), "bytes");
        Toucher load = rig.Load(1);
        Check.Equal(Errno.EFAULT, rig.Serve(rig.NextFault(1)), "the load");
        Check.That(!load.HasEnded, "the load waits");

        Check.Equal(Errno.None, rig.Mm.Protect(rig.At(0), 2 * Page.Size, Protection.ReadWrite), "protection");
        Check.Equal(0x5B, load.End(), "byte loaded");
        rig.StoreServed(1, 0x77);
        Check.Equal((0x5A, 0x77), (rig.Alias(0)[0], rig.Alias(1)[0]), "bytes");
    }

    /// <summary>The app's mapping allows stores that the address space does not know of: taken over for all of it at once.</summary>
    public static void GrownRights()
    {
        const int Pages = 512;
        using var rig = new TrapRig(Pages);
        Check.Equal(Errno.None, rig.Mm.Protect(rig.At(0), Pages * Page.Size, Protection.Read), "protection");
        rig.StartWorker();
        rig.StartPump();
        for (int page = 0; page < Pages; page += 2)
        {
            Check.Equal(0, Native.Load(rig.At(page)), "byte loaded");
            Native.Store(rig.At(page), 0x5A);
        }

        Check.Equal(1, rig.Mm.Vmas().Count, "mappings");
        int writable = Enumerable.Range(0, Pages).Count(page => rig.Entry(page).Rights == Protection.ReadWrite);
        Check.Equal(Pages / 2, writable, "writable pages");
        Check.Equal(0x5A, rig.Alias(Pages - 2)[0], "byte stored");
    }

    private static void ProtectAround(TrapRig rig, Func<int, int, Toucher> takeAway)
    {
        for (int page = 0; page < 6; page++)
        {
            rig.StoreServed(page, 0x11);
        }

        Toucher call = takeAway(2, 2);
        Check.Equal(UffdEvent.Unmap, rig.Next().Event, "message");
        Check.Equal(0, call.End(), "the app's call");

        // The event is read, so the app is past its call; but nobody has acted on it.
        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), 6 * Page.Size), "write protection");
        foreach (int page in (int[])[0, 1, 4, 5])
        {
            Check.That(rig.Kernel(page).IsUserfaultWriteProtected, $"page {page} is write-protected");
        }

        Check.Equal(Errno.None, rig.Mm.HandleFault(rig.At(2), GpuSvm.Mm.CpuAccess.Write), "a fault of a page that is gone");
        Check.Equal(Errno.None, rig.Mm.Unmap(rig.At(2), 2 * Page.Size), "the event, acted on");
        Check.Equal(4L, rig.Frames.AllocatedFrames, "frames in use");
    }
}
