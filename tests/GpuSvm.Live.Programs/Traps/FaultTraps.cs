using System.Runtime.InteropServices;
using GpuSvm.Core;

namespace GpuSvm.Live.Programs;

/// <summary>Faults that come twice, are put off, or meet a change of the mappings.</summary>
internal static class FaultTraps
{
    /// <summary>A fault that the kernel puts off is asked for again though no message comes any more.</summary>
    public static void Deferred()
    {
        using var rig = new TrapRig(pages: 4);
        Toucher store = rig.Store(0, 0x5A);
        UffdMessage fault = rig.NextFault(0);
        Toucher forget = rig.Forget(3);
        rig.AwaitMessage();
        rig.StartWorker();
        rig.Messages.Add(fault);
        Spin spin = default;
        Deadline limit = TrapRig.Limit;

        // Once at first, once at once again, and once more without any message.
        while (rig.Cpu.PutOff < 3)
        {
            Check.That(!limit.HasPassed, "the fault is asked for again");
            spin.Once();
        }

        Check.That(!store.HasEnded, "the store waits");

        // Past the queue: the worker hears nothing of it.
        Check.Equal(UffdEvent.Remove, rig.Next().Event, "message");
        Check.Equal(0, forget.End(), "the app's madvise");
        store.End();
        Check.Equal(0x5A, rig.Alias(0)[0], "byte");
        Check.Equal(0, rig.Observer.Refused.Count, "accesses refused");
    }

    /// <summary>Two threads wait for one page, whose rights change between the two faults.</summary>
    public static void SamePage()
    {
        using var rig = new TrapRig(pages: 2);
        Toucher first = rig.Load(0);
        UffdMessage fault = rig.NextFault(0);
        Toucher second = rig.Load(0);
        UffdMessage other = rig.NextFault(0);
        Check.That(fault.ThreadId != other.ThreadId, "two threads wait");
        Check.Equal(Errno.None, rig.Serve(fault), "the first fault");
        Check.Equal((0, 0), (first.End(), second.End()), "bytes loaded");
        Check.Equal(Errno.None, rig.Serve(other), "the second fault, of a page that is there");
        Check.That(!rig.Kernel(0).IsUserfaultWriteProtected, "the page can be written");

        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
        Check.Equal(Errno.None, rig.Serve(other), "a load of a page that is there");
        Check.That(rig.Kernel(0).IsUserfaultWriteProtected, "the page is still write-protected");
        Check.Equal(1L, rig.Frames.AllocatedFrames, "frames in use");
    }

    /// <summary>A signal has a thread fault anew; the answer to its first fault is late by then.</summary>
    public static void Signals()
    {
        using PosixSignalRegistration ignored = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, context => context.Cancel = true);
        using var rig = new TrapRig(pages: 2);
        Toucher store = rig.Store(0, 0x5A);
        UffdMessage first = rig.NextFault(0);
        Native.Signal(first.ThreadId);
        UffdMessage again = rig.NextFault(0);
        Check.Equal(first.ThreadId, again.ThreadId, "thread that waits");
        Check.Equal((Errno.None, Errno.None), (rig.Serve(first), rig.Serve(again)), "both faults");
        store.End();
        Check.Equal((0x5A, 1L), (rig.Alias(0)[0], rig.Frames.AllocatedFrames), "byte and frames in use");
    }

    /// <summary>A buffer is unmapped and another one takes its place; what was read is acted on first.</summary>
    public static void InOrder()
    {
        using var rig = new TrapRig(pages: 4);
        LiveBuffer next = rig.Reserve(4);
        rig.StartWorker();
        rig.StartPump();
        rig.Store(0, 0x11).End();
        using (rig.Mm.MmapLock.EnterShared())
        {
            // The app goes on once the event is read; acting on it needs the lock that is held here.
            Check.Equal(0, rig.Unmap(0, 4).End(), "munmap");
            Check.Equal(rig.View, rig.MapView(next, rig.View), "place of the next buffer");
            Check.That(!rig.Messages.Drain(Clock.Monotonic.After(TimeSpan.FromMilliseconds(1))), "the event is not acted on");
        }

        Check.That(rig.Messages.Drain(TrapRig.Limit), "the event is acted on");
        Check.Equal((0L, 0, 1), (rig.Frames.AllocatedFrames, rig.Mm.VmaCount, rig.Buffers.Count), "frames, mappings, buffers");
        rig.Enter(next, rig.View);
        Check.Equal(0, rig.Load(0).End(), "byte loaded");
        rig.Store(0, 0x22).End();
        Check.Equal(0x22, rig.Memory.Frame(next.Memory.FirstFrame)[0], "byte");
    }
}
