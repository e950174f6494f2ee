using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs;

/// <summary>Engine and app in one process, as <see cref="TrapRig"/>, for private memory: pages are read and taken by hand, and nobody acts on events.</summary>
internal sealed class AdoptedRig : IDisposable
{
    private readonly LentRing _lent;

    /// <summary>Maps pages, each filled with its number and 1, and registers them.</summary>
    public AdoptedRig(int pages)
    {
        Check.Equal(Errno.None, Userfaultfd.TryOpen(out Userfaultfd? opened, out string? missing), missing ?? "userfaultfd");
        Uffd = opened!;
        Check.Equal(Errno.None, Uffd.Enable(LiveSupport.Required, out _), "handshake");
        Infrastructure.RawCalls.MapPrivate(Start, (ulong)pages * Page.Size, 0);
        for (int page = 0; page < pages; page++)
        {
            Native.Store(Pages(page).Start, (byte)(page + 1));
        }

        Check.Equal(Errno.None, Uffd.RegisterPrivate(Pages(0, pages)), "registration");
        Messages = new MessageQueue(Uffd);
        Memory = new SystemMemory((ulong)pages + 1);
        _lent = LentRing.Create(Environment.ProcessId);
        using SafeFileHandle self = ProcessFile.Open(Environment.ProcessId);
        var ring = AppRing.Fetch(self, _lent.Layout);
        Adopted = new AdoptedPages(Environment.ProcessId, Uffd, Messages, Memory, ring, Lost.Add, Failures.Add);
    }

    public Userfaultfd Uffd { get; }

    public MessageQueue Messages { get; }

    public SystemMemory Memory { get; }

    public AdoptedPages Adopted { get; }

    /// <summary>What was mapped where pages were taken.</summary>
    public List<AddressRange> Lost { get; } = [];

    /// <summary>What the engine would end for.</summary>
    public List<Exception> Failures { get; } = [];

    /// <summary>Far from where the system maps for others.</summary>
    private static VirtualAddress Start => 0x5000_0000_0000;

    /// <summary>Pages of the memory.</summary>
    public static AddressRange Pages(int first, int count = 1) =>
        AddressRange.FromLength(Start + ((ulong)first * Page.Size), (ulong)count * Page.Size);

    /// <summary>What the kernel has for a page.</summary>
    public static PagemapEntry Kernel(int page) => PagemapEntry.Of(Pages(page).Start);

    /// <summary>The first byte of the frame of a page: frame 0 stays zero.</summary>
    public int Frame(int page) => Memory.Frame(new FrameNumber((ulong)page + 1))[0];

    /// <summary>Reads pages into their frames.</summary>
    public void Read(int first, int count) => Adopted.Read(Pages(first, count), new FrameNumber((ulong)first + 1));

    /// <summary>Starts a call of the app that changes its mappings, and reads messages until it has returned.</summary>
    public void Change(Func<int> call) => ReadUntilEnd(Toucher.Start(call));

    /// <summary>Reads messages, which nobody acts on, until calls have returned.</summary>
    public void ReadUntilEnd(params Toucher[] calls)
    {
        Deadline limit = TrapRig.Limit;
        var spin = default(SpinWait);
        while (!Array.TrueForAll(calls, call => call.HasEnded))
        {
            Check.That(!limit.HasPassed, "a thread waits for ever");
            Messages.Read();
            spin.SpinOnce();
        }

        Array.ForEach(calls, call => Check.Equal(0, call.End(), "a call of the app"));
    }

    /// <summary>Waits until there is a message, which stays unread.</summary>
    public void AwaitMessage()
    {
        Span<bool> readable = stackalloc bool[1];
        Check.Equal(1, PollSet.Wait([Uffd.Descriptor], TrapRig.Limit.Remaining, readable), "descriptors with a message");
    }

    /// <summary>The messages that were read and are the app's.</summary>
    public IReadOnlyList<(UffdEvent Event, AddressRange Range)> Told()
    {
        var told = new List<(UffdEvent Event, AddressRange Range)>();
        while (Messages.TryTake(Clock.Monotonic.After(TimeSpan.Zero), out UffdMessage message))
        {
            told.Add((message.Event, new AddressRange(message.Start, message.End)));
        }

        return told;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The memory ends with the process.
        Adopted.Dispose();
        _lent.Dispose();
        Uffd.Dispose();
        Memory.Dispose();
    }
}
