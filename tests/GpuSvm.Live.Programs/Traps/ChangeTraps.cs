using System.Buffers.Binary;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs;

/// <summary>Changes of mappings that were told and not acted on yet, or done and not told yet.</summary>
internal static class ChangeTraps
{
    /// <summary>
    /// One munmap takes a hole and a buffer; before it is told, another buffer is mapped in the hole and entered.
    /// </summary>
    public static void UnmapOverAnotherBuffer()
    {
        using var rig = new TrapRig(pages: 4);
        rig.StoreServed(0, 0x11);
        LiveBuffer next = rig.Reserve(2);
        VirtualAddress hole = rig.View - (2 * Page.Size);
        Toucher unmap = Toucher.Start(() => Libc.Unmap((nint)hole.Value, 6 * (nuint)Page.Size));
        rig.AwaitMessage();
        Check.Equal(hole, rig.MapView(next, hole), "place of the next buffer");
        rig.Enter(next, hole);
        Check.Equal(0, rig.Read(unmap), "munmap");
        rig.StartWorker();
        rig.StartPump();
        Check.That(rig.Messages.Drain(TrapRig.Limit), "the event is acted on");
        Check.Equal((1, 2UL, 0UL), (rig.Mm.VmaCount, next.Memory.MappedPages, rig.Buffer.Memory.MappedPages), "mappings, and pages of both");
        Check.Equal(0, Toucher.Start(() => Native.Store(hole.Value, 0x22)).End(), "store");
        Check.Equal(0x22, rig.Memory.Frame(next.Memory.FirstFrame)[0], "byte of the next buffer");
    }

    /// <summary>Pages have moved, which is read and not acted on: what is to be protected is protected where it is.</summary>
    public static void ProtectMovedPage()
    {
        using var rig = new TrapRig(pages: 4);
        rig.StoreServed(1, 0x11);
        VirtualAddress target = rig.View + (64 * Page.Size);
        rig.Read(rig.Move(0, 4, target));
        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(1), Page.Size), "write protection");
        PagemapEntry moved = PagemapEntry.Of(target + Page.Size);
        Check.That(moved is { IsPresent: true, IsUserfaultWriteProtected: true }, "the page is protected where it is");
        rig.StartWorker();
        rig.StartPump();
        Check.That(rig.Messages.Drain(TrapRig.Limit), "the event is acted on");
        Check.Equal(Protection.Read, rig.Mm.PageTable.Read(target + Page.Size).Rights, "rights of the moved entry");
        Check.Equal(0, Toucher.Start(() => Native.Store((target + Page.Size).Value + 1, 0x22)).End(), "store");
        Check.Equal((0x11, 0x22), (rig.Alias(1)[0], rig.Alias(1)[1]), "bytes");
    }

    /// <summary>A page that is protected has moved over another buffer's, which may be written; that is read and not acted on.</summary>
    public static void FaultBesideAMove()
    {
        using var rig = new TrapRig(pages: 4);
        LiveBuffer other = rig.Reserve(4);
        VirtualAddress place = rig.View + (64 * Page.Size);
        Check.Equal(place, rig.MapView(other, place), "place of the other buffer");
        rig.Enter(other, place);
        Toucher first = Toucher.Start(() => Native.Store(place.Value, 0x33));
        Check.Equal(Errno.None, rig.Serve(rig.Next()), "store to the other buffer");
        first.End();
        rig.StoreServed(0, 0x11);
        Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
        rig.Read(rig.Move(0, 4, place));

        Toucher store = Toucher.Start(() => Native.Store(place.Value + 1, 0x22));
        UffdMessage fault = rig.Next();
        Check.That(fault.IsWriteProtect, "the store meets the protection");
        Check.Equal(Errno.EAGAIN, rig.Serve(fault), "a fault beside a change is put off");
        Check.That(PagemapEntry.Of(place).IsUserfaultWriteProtected, "the page is protected");
        rig.Messages.Add(fault);
        rig.StartWorker();
        rig.StartPump();
        store.End();
        Check.Equal((0x11, 0x22), (rig.Alias(0)[0], rig.Alias(0)[1]), "bytes");
    }

    /// <summary>The app has forked, which is read and not acted on: what is to be protected is protected in the child, too.</summary>
    public static void ProtectForkedPage()
    {
        using var rig = new TrapRig(pages: 2, forks: UffdFeatures.EventFork);
        rig.StoreServed(0, 0x11);
        int child = 0;
        rig.Read(Toucher.Start(() => child = ForkedChild.Stay()));
        try
        {
            Check.Equal(Errno.None, rig.Mm.WriteProtect(rig.At(0), Page.Size), "write protection");
            Check.That(rig.Kernel(0).IsUserfaultWriteProtected, "the page is protected in the app");
            Check.That(EntryIn(child, rig.At(0)) is { IsPresent: true, IsUserfaultWriteProtected: true }, "the page is protected in the child");
        }
        finally
        {
            RawCalls.Signal(child, RawCalls.SignalKill);
        }
    }

    private static PagemapEntry EntryIn(int process, ulong address)
    {
        using SafeFileHandle file = File.OpenHandle($"/proc/{process}/pagemap");
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Check.Equal(sizeof(ulong), RandomAccess.Read(file, bytes, (long)(address >> Page.Shift) * sizeof(ulong)), "bytes of pagemap");
        return new PagemapEntry(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }
}
