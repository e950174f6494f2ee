using GpuSvm.Core;
using GpuSvm.Mm;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs;

/// <summary>Engine and app in one process: the real userfaultfd, with nothing that happens by itself until it is started.</summary>
/// <remarks>
/// Faults and events are read and served by hand, so that each order of steps can be set up; <see cref="StartWorker"/> and
/// <see cref="StartPump"/> add the engine's own threads. Registered memory is touched by <see cref="Native"/> calls alone: managed code
/// that waits for a page would hold up the garbage collection of the code that serves it.
/// </remarks>
internal sealed class TrapRig : IDisposable
{
    private const int DontNeed = 4;
    private const int Remove = 9;

    private readonly SafeFileHandle _scratch = MemoryFile.Create("gpusvm-scratch", Page.Size);
    private readonly LiveProcess _process;

    /// <summary>Far from where the system maps for others: what is unmapped there stays free until the rig takes it.</summary>
    private static VirtualAddress Far => 0x5000_0000_0000;

    /// <summary>Makes a buffer of some pages and maps it.</summary>
    public TrapRig(ulong pages, PageFramesOptions? options = null, UffdFeatures forks = UffdFeatures.None)
    {
        Errno error = Userfaultfd.TryOpen(out Userfaultfd? opened, out string? missing);
        Check.That(error == Errno.None, missing ?? "userfaultfd");
        Uffd = opened!;
        Check.Equal(Errno.None, Uffd.Enable(LiveSupport.Required | forks, out _), "handshake");
        Memory = new SystemMemory(1024);
        Frames = new PageFrames(Memory, (options ?? new PageFramesOptions()) with { PooledFrames = 1 });
        Buffers = new BufferTable(Memory, Frames);
        Observer = new RigObserver(Buffers);
        Family = new LiveFamily(Buffers);
        Messages = new MessageQueue(Uffd);
        Cpu = new CountingCpu(new UserfaultCpu(Uffd, Memory, Messages, Observer.OnUnprotected));
        Mm = new AddressSpace(Frames, Cpu, new AddressSpaceOptions());
        _process = new LiveProcess(Environment.ProcessId, Uffd, Messages, Mm, Family);
        Family.Add(_process);
        Buffer = Reserve(pages);
        View = MapView(Buffer, Far);
        Enter(Buffer, View);
    }

    /// <summary>When a wait has failed.</summary>
    public static Deadline Limit => Clock.Monotonic.After(TimeSpan.FromSeconds(20));

    public Userfaultfd Uffd { get; }

    public SystemMemory Memory { get; }

    public PageFrames Frames { get; }

    public BufferTable Buffers { get; }

    public RigObserver Observer { get; }

    public MessageQueue Messages { get; }

    public CountingCpu Cpu { get; }

    public AddressSpace Mm { get; }

    public LiveFamily Family { get; }

    public LiveBuffer Buffer { get; }

    /// <summary>Where the app sees the buffer.</summary>
    public VirtualAddress View { get; }

    public ulong At(int page) => View.Value + ((ulong)page * Page.Size);

    public AddressRange Pages(int first, int count = 1) => AddressRange.FromLength(At(first), (ulong)count * Page.Size);

    /// <summary>The engine's view of a page's bytes.</summary>
    public Span<byte> Alias(int page) => Memory.Frame(new FrameNumber(Buffer.Memory.FirstFrame.Value + (ulong)page));

    /// <summary>What the kernel has for a page.</summary>
    public PagemapEntry Kernel(int page) => PagemapEntry.Of(At(page));

    /// <summary>What the address space says of a page.</summary>
    public CpuPte Entry(int page) => Mm.PageTable.Read(At(page));

    public LiveBuffer Reserve(ulong pages)
    {
        Check.Equal(Errno.None, Buffers.TryReserve(pages * Page.Size, out LiveBuffer? buffer), "reservation");
        return buffer!;
    }

    public VirtualAddress MapView(LiveBuffer buffer, VirtualAddress hint)
    {
        ulong bytes = buffer.Memory.PageCount * Page.Size;
        Check.Equal(Errno.None, AppMemory.Map(hint, bytes, Protection.ReadWrite, buffer.File, out VirtualAddress view), "mmap");
        return view;
    }

    public void Enter(LiveBuffer buffer, VirtualAddress view)
    {
        Check.Equal(Errno.None, Mm.MapObject(view, buffer.Memory, Protection.ReadWrite), "mapping");
        AddressRange range = AddressRange.FromLength(view, buffer.Memory.PageCount * Page.Size);
        Check.Equal(Errno.None, Uffd.Register(range), "registration");
        buffer.IsEntered = true;
    }

    public void StartWorker() => _process.StartWorker(Observer);

    public void StartPump() => _process.StartPump(Observer);

    public Toucher Load(int page) => Toucher.Start(() => Native.Load(At(page)));

    public Toucher Store(int page, byte value) => Toucher.Start(() => Native.Store(At(page), value));

    public Toucher LoadByKernel(int page) => Toucher.Start(() => Native.LoadByKernel(_scratch, At(page)));

    public Toucher StoreByKernel(int page) => Toucher.Start(() => Native.StoreByKernel(_scratch, At(page)));

    /// <summary>The app discards pages of its view, which keeps their bytes; it waits until the event is read.</summary>
    public Toucher Forget(int page) => Toucher.Start(() => Libc.Advise((nint)At(page), (nuint)Page.Size, DontNeed));

    /// <summary>The app punches a hole; it waits until the event is read.</summary>
    public Toucher Punch(int page) => Toucher.Start(() => Libc.Advise((nint)At(page), (nuint)Page.Size, Remove));

    /// <summary>The app unmaps pages; it waits until the event is read.</summary>
    public Toucher Unmap(int first, int count) => Toucher.Start(() => Libc.Unmap((nint)At(first), (nuint)count * (nuint)Page.Size));

    /// <summary>The app maps other memory in place of pages; it waits until the event is read.</summary>
    public Toucher Replace(int first, int count) =>
        Toucher.Start(() => (int)AppMemory.Replace(At(first), (ulong)count * Page.Size));

    /// <summary>The app moves pages to another place; it waits until the event is read.</summary>
    public Toucher Move(int first, int count, VirtualAddress target) => Toucher.Start(() =>
    {
        ulong bytes = (ulong)count * Page.Size;
        Infrastructure.RawCalls.Remap(At(first), bytes, bytes, Infrastructure.RawCalls.MoveFixed, target);
        return 0;
    });

    /// <summary>Waits until a call of the app that changes its mappings has returned, reads what it tells, and leaves that unacted on.</summary>
    public int Read(Toucher change)
    {
        var spin = default(SpinWait);
        while (!change.HasEnded)
        {
            Messages.Read();
            spin.SpinOnce();
        }

        return change.End();
    }

    /// <summary>Waits until there is a message, which stays unread.</summary>
    public void AwaitMessage()
    {
        Span<bool> readable = stackalloc bool[1];
        Check.Equal(1, PollSet.Wait([Uffd.Descriptor], Limit.Remaining, readable), "descriptors with a message");
    }

    /// <summary>Waits for the next message and reads it, past the queue.</summary>
    public UffdMessage Next()
    {
        AwaitMessage();
        var messages = new UffdMessage[1];
        Check.Equal(1, Uffd.Read(messages), "messages read");
        return messages[0];
    }

    /// <summary>Waits for a fault of a page and reads it.</summary>
    public UffdMessage NextFault(int page)
    {
        UffdMessage message = Next();
        Check.Equal(UffdEvent.PageFault, message.Event, "message");
        Check.Equal(At(page), message.Address, "address of the fault");
        return message;
    }

    /// <summary>Serves a fault once.</summary>
    public Errno Serve(in UffdMessage fault) => Mm.HandleFault(fault.Address, FaultPump.AccessOf(fault));

    /// <summary>Stores to a page and serves the one fault of it.</summary>
    public void StoreServed(int page, byte value)
    {
        Toucher store = Store(page, value);
        Check.Equal(Errno.None, Serve(NextFault(page)), "store");
        store.End();
    }

    /// <summary>Loads from a page and serves the one fault of it.</summary>
    public int LoadServed(int page)
    {
        Toucher load = Load(page);
        Check.Equal(Errno.None, Serve(NextFault(page)), "load");
        return load.End();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The views end with the process: where a scenario has unmapped pages the runtime may have memory of its own by now.
        _process.Dispose();
        Buffers.Dispose();
        Frames.Dispose();
        Memory.Dispose();
        _scratch.Dispose();
    }
}
