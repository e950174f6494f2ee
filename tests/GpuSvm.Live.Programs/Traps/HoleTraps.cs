using GpuSvm.Core;

namespace GpuSvm.Live.Programs;

/// <summary>Pages whose memory is gone, and who does not know it yet.</summary>
internal static class HoleTraps
{
    /// <summary>The engine touches a page that is nobody's; the kernel gives it memory without a word.</summary>
    public static void StrayTouch()
    {
        using var rig = new TrapRig(pages: 2);
        rig.StoreServed(1, 0x11);
        Check.Equal(1L, rig.Frames.AllocatedFrames, "frames in use");
        Check.Equal(Errno.None, rig.Mm.Discard(rig.At(1), Page.Size), "discard");
        Check.Equal(0L, rig.Frames.AllocatedFrames, "frames in use");
        rig.Alias(1).Fill(0xEE);
        Check.That(!rig.Kernel(1).IsPresent, "the app does not map it");

        Toucher load = rig.Load(1);
        UffdMessage fault = rig.NextFault(1);
        Check.That(fault.IsMinor, "the kernel has the page");
        Check.Equal(Errno.None, rig.Serve(fault), "load");
        Check.Equal(0, load.End(), "byte loaded");
        Check.Equal(-1, rig.Alias(1).IndexOfAnyExcept((byte)0), "first byte that is not zero");
        Check.Equal(1L, rig.Frames.AllocatedFrames, "frames in use");
    }

    /// <summary>A store waits at a write-protected page, which is discarded before it is served.</summary>
    public static void WokenByHole()
    {
        using var rig = new TrapRig(pages: 2);
        rig.StoreServed(0, 0x11);
        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
        Toucher store = Toucher.Start(() => Native.Store(rig.At(0) + 1, 0x22));
        Check.That(rig.NextFault(0).IsWriteProtect, "the store meets the protection");
        Check.Equal(Errno.None, rig.Mm.Discard(rig.At(0), Page.Size), "discard");
        Check.Equal(0L, rig.Frames.AllocatedFrames, "frames in use");
        Check.That(rig.Kernel(0).IsUserfaultWriteProtected, "the mark survives the hole");

        UffdMessage fault = rig.NextFault(0);
        Check.Equal((true, false), (fault.IsWrite, fault.IsWriteProtect), "the store looks again and misses its page");
        Check.Equal(Errno.None, rig.Serve(fault), "store");
        store.End();
        Check.Equal((0, 0x22), (rig.Alias(0)[0], rig.Alias(0)[1]), "bytes");
        Check.That(!rig.Kernel(0).IsUserfaultWriteProtected, "the mark is gone");
        Check.Equal(Protection.ReadWrite, rig.Entry(0).Rights, "rights of the entry");
    }

    /// <summary>The kernel's entry carries a mark of write protection that the address space knows nothing of.</summary>
    public static void StaleMark()
    {
        using var rig = new TrapRig(pages: 2);
        rig.StoreServed(0, 0x11);
        Check.Equal(Errno.None, rig.Uffd.WriteProtect(rig.Pages(0)), "the kernel's mark");
        Check.Equal(Protection.ReadWrite, rig.Entry(0).Rights, "rights of the entry");

        Toucher store = rig.Store(0, 0x22);
        UffdMessage fault = rig.NextFault(0);
        Check.That(fault.IsWriteProtect, "the store meets the mark");
        Check.Equal(Errno.None, rig.Serve(fault), "store");
        store.End();
        Check.Equal(0x22, rig.Alias(0)[0], "byte");
        Check.That(!rig.Kernel(0).IsUserfaultWriteProtected, "the mark is gone");
    }

    /// <summary>The app punches a hole; until that is acted on the address space believes in the page.</summary>
    public static void AppsHole()
    {
        using var rig = new TrapRig(pages: 2);
        rig.StoreServed(0, 0x11);
        Toucher punch = rig.Punch(0);
        UffdMessage message = rig.Next();
        Check.Equal((UffdEvent.Remove, rig.At(0)), (message.Event, message.Start), "message");
        Check.Equal(0, punch.End(), "the app's madvise");
        Check.That(!rig.Kernel(0).IsPresent, "the app does not map it");
        Check.Equal(Protection.ReadWrite, rig.Entry(0).Rights, "rights of the entry");

        Toucher load = rig.Load(0);
        UffdMessage fault = rig.NextFault(0);
        Check.That(!fault.IsMinor, "the kernel has no page");
        Check.Equal(Errno.None, rig.Serve(fault), "load");
        Check.Equal((0, 0, 1L), (load.End(), rig.Alias(0)[0], rig.Frames.AllocatedFrames), "bytes and frames in use");

        Check.Equal(Errno.None, rig.Mm.Discard(message.Start, message.End - message.Start), "the event, acted on");
        Check.Equal(0L, rig.Frames.AllocatedFrames, "frames in use");
        Check.Equal((0, 1L), (rig.LoadServed(0), rig.Frames.AllocatedFrames), "byte and frames in use");
    }
}
