using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Private memory that is read and taken while the app changes it.</summary>
internal static class AdoptedTraps
{
    /// <summary>Other memory lies in the middle of what is read and taken, and nobody has acted on that yet.</summary>
    public static void BesideOther()
    {
        using var rig = new AdoptedRig(pages: 5);
        rig.Change(() => Replace(2));
        Native.Store(AdoptedRig.Pages(2).Start, 99);

        rig.Read(0, 5);
        Check.Equal((1, 2, 0, 4, 5), (rig.Frame(0), rig.Frame(1), rig.Frame(2), rig.Frame(3), rig.Frame(4)), "bytes read");
        rig.Adopted.Take(AdoptedRig.Pages(0, 5));
        DemandTaken(0, 1, 3, 4);
        Check.Equal(99, Native.Load(AdoptedRig.Pages(2).Start), "other memory");
        Check.Equal("Unmap", string.Join(' ', rig.Told().Select(told => told.Event)), "what the app has told");
        Check.Equal((0, 0), (rig.Lost.Count, rig.Failures.Count), "losses and failures");
    }

    /// <summary>A page in the middle of what is taken is unmapped: the call runs over the hole.</summary>
    public static void Gap()
    {
        using var rig = new AdoptedRig(pages: 5);
        rig.Change(() => Libc.Unmap((nint)AdoptedRig.Pages(2).Start.Value, (nuint)Page.Size));

        rig.Read(0, 5);
        Check.Equal((1, 2, 0, 4, 5), (rig.Frame(0), rig.Frame(1), rig.Frame(2), rig.Frame(3), rig.Frame(4)), "bytes read");
        rig.Adopted.Take(AdoptedRig.Pages(0, 5));
        DemandTaken(0, 1, 3, 4);
        Check.Equal("Unmap", string.Join(' ', rig.Told().Select(told => told.Event)), "what the app has told");
    }

    /// <summary>A mapping is split while a discard of the engine's waits for its event to be read; the kernel tells of a part twice, or leaves it.</summary>
    public static void Split()
    {
        using var rig = new AdoptedRig(pages: 5);
        rig.Messages.BeginOwnDiscard(AdoptedRig.Pages(0, 5));

        // Its answer is that there is a hole.
        Toucher own = Toucher.Start(() => Libc.Advise((nint)AdoptedRig.Pages(0).Start.Value, 5 * (nuint)Page.Size, RawCalls.DontNeed) + 1);
        rig.AwaitMessage();
        Toucher unmap = Toucher.Start(() => Libc.Unmap((nint)AdoptedRig.Pages(2).Start.Value, (nuint)Page.Size));
        Deadline limit = TrapRig.Limit;
        while (ProcessMaps.IsMapped(Environment.ProcessId, AdoptedRig.Pages(2)))
        {
            Check.That(!limit.HasPassed, "the page is unmapped");
        }

        rig.ReadUntilEnd(own, unmap);
        rig.Messages.EndOwnDiscard(address => ProcessMaps.HasStart(Environment.ProcessId, address));
        Check.Equal("Unmap", string.Join(' ', rig.Told().Select(told => told.Event)), "what the app has told");

        rig.Adopted.Take(AdoptedRig.Pages(0, 5));
        DemandTaken(0, 1, 3, 4);
        Check.Equal(0, rig.Told().Count, "messages afterwards");
    }

    /// <summary>A thread that reads the app's memory waits for a page that is unmapped before it is answered.</summary>
    public static void UnmappedUnderARead()
    {
        using var rig = new AdoptedRig(pages: 3);
        rig.Change(() => Libc.Advise((nint)AdoptedRig.Pages(1).Start.Value, (nuint)Page.Size, RawCalls.DontNeed));
        Toucher read = Toucher.Start(() => ReadOne(rig));
        rig.AwaitMessage();
        Toucher unmap = Toucher.Start(() => Libc.Unmap((nint)AdoptedRig.Pages(1).Start.Value, (nuint)Page.Size));
        Deadline limit = TrapRig.Limit;
        while (ProcessMaps.IsMapped(Environment.ProcessId, AdoptedRig.Pages(1)))
        {
            Check.That(!limit.HasPassed, "the page is unmapped");
        }

        rig.ReadUntilEnd(read, unmap);
        rig.Messages.EndRead();
    }

    /// <summary>What cannot be read, however often it is tried, ends the engine.</summary>
    public static void Unreadable()
    {
        using var rig = new AdoptedRig(pages: 3);
        Check.Equal(Errno.None, AppMemory.Protect(AdoptedRig.Pages(1).Start, Page.Size, Protection.None), "mprotect");
        try
        {
            rig.Read(0, 3);
            Check.That(false, "It was read.");
        }
        catch (SvmException refused)
        {
            Check.Equal(Errno.EFAULT, refused.Error, refused.Message);
        }

        Check.Equal(1, rig.Failures.Count, "failures");
    }

    private static int ReadOne(AdoptedRig rig)
    {
        rig.Messages.BeginRead(ProcessReader.ThreadId, rig.Adopted.Answer);
        Span<byte> target = stackalloc byte[(int)Page.Size];
        Errno error;
        unsafe
        {
            fixed (byte* first = target)
            {
                error = ProcessReader.Read(Environment.ProcessId, AdoptedRig.Pages(1), first, out _);
            }
        }

        return error == Errno.EFAULT ? 0 : (int)error + 1;
    }

    private static int Replace(int page)
    {
        RawCalls.Replace(AdoptedRig.Pages(page).Start, Page.Size);
        return 0;
    }

    private static void DemandTaken(params int[] pages)
    {
        foreach (int page in pages)
        {
            Check.That(!AdoptedRig.Kernel(page).IsPresent, $"Page {page} is taken.");
        }
    }
}
