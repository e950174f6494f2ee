using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Scenarios;

/// <summary>One process whose pages may live in the memory of devices that are made of nothing but a page table and some words.</summary>
internal sealed class DeviceMachine : IDisposable
{
    /// <summary>Address of the first of the machine's <see cref="PageCount"/> pages.</summary>
    public const ulong Address = 0x40_0000;

    /// <summary>Number of pages that are mapped.</summary>
    public const int PageCount = 2;

    private const ulong FewFrames = 16;
    private const ulong FramesForBlocks = 6 * HugePage.PageCount;
    private readonly SystemMemory _memory;
    private readonly List<RaceDevice> _devices = [];
    private SafeFileHandle? _file;
    private FileCache? _cache;
    private MemoryObject? _object;

    /// <summary>Makes a machine whose pages were stored to once, all zero, and watches it.</summary>
    public DeviceMachine(ScheduleRun run)
        : this(run, FewFrames, machine => machine.MapPages(PageCount))
    {
        for (int page = 0; page < PageCount; page++)
        {
            Cpu.Thread(0).Store(WordAt(page, 0), 0UL);
        }
    }

    private DeviceMachine(ScheduleRun run, ulong frames, Func<DeviceMachine, Errno> map)
    {
        _memory = new SystemMemory(frames);
        Frames = new PageFrames(_memory, new PageFramesOptions { PooledFrames = frames - PageCount });
        Cpu = new SimulatedCpu(_memory, 2);
        Mm = new AddressSpace(Frames, Cpu, new AddressSpaceOptions());
        Errno error = map(this);
        SmallMachine.Demand(error == Errno.None, $"Pages can be mapped: {error}.");
        run.DemandProgress(Deadline.Default);
    }

    /// <summary>Makes a machine with a whole block of 2 MiB of which nothing was touched; its first pages are the machine's pages.</summary>
    public static DeviceMachine WithBlock(ScheduleRun run) => new(run, FramesForBlocks, machine => machine.MapPages(HugePage.PageCount));

    /// <summary>Makes a machine whose pages are those of a memory object, which a forked child shares; nothing was touched.</summary>
    public static DeviceMachine WithObject(ScheduleRun run) => new(run, FewFrames, static machine =>
    {
        Errno error = machine.Frames.TryReserve(PageCount, out machine._object);
        return error == Errno.None ? machine.MapView(Address) : error;
    });

    /// <summary>Makes a machine whose pages are those of a file, mapped shared; all zero, and nothing was touched.</summary>
    public static DeviceMachine WithFile(ScheduleRun run) => new(run, FewFrames, static machine => machine.MapFile());

    public SystemMemory Memory => _memory;

    public PageFrames Frames { get; }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    /// <summary>Address of a word of a page.</summary>
    public static VirtualAddress WordAt(int page, int word) => Address + ((ulong)page * Page.Size) + (8 * (ulong)word);

    /// <summary>Maps the memory object's pages at another address as well.</summary>
    public Errno MapView(VirtualAddress address) => Mm.MapObject(address, _object!, Protection.ReadWrite);

    /// <summary>Adds a device, before the race.</summary>
    public RaceDevice AddDevice()
    {
        var device = new RaceDevice(Mm);
        _devices.Add(device);
        return device;
    }

    /// <summary>Has a device empty its memory and go.</summary>
    public void RemoveDevice(RaceDevice device)
    {
        _devices.Remove(device);
        device.GoAway();
    }

    /// <summary>Says what is looked at in the end, before the machine is taken down.</summary>
    public void EndWith(ScheduleRun run, Action check)
    {
        run.AtEnd(check);
        run.AtEnd(TakeDown);
        run.AtEnd(Dispose);
    }

    /// <summary>Has the CPU count a word up by loads and stores, which nobody else stores to.</summary>
    public void Count(int thread, int page, int word, ulong times)
    {
        CpuThread cpu = Cpu.Thread(thread);
        for (ulong i = 0; i < times; i++)
        {
            ulong before = cpu.Load<ulong>(WordAt(page, word));
            SmallMachine.Demand(before == i, $"No store of the CPU is lost: {before} of {i}.");
            cpu.Store(WordAt(page, word), i + 1);
        }
    }

    /// <summary>Has the CPU add one to a word in one step.</summary>
    public void AddAtomically(int thread, int page, int word) => AddAtomically(Cpu.Thread(thread), page, word);

    /// <summary>Has a CPU add one to a word in one step.</summary>
    public static void AddAtomically(CpuThread cpu, int page, int word)
    {
        ulong seen;
        ulong expected = 0;
        while ((seen = cpu.CompareExchange(WordAt(page, word), expected, expected + 1)) != expected)
        {
            expected = seen;
        }
    }

    /// <summary>Fails the schedule unless a word has a value, read by the CPU when nothing else runs.</summary>
    public void DemandWord(int page, int word, ulong value)
    {
        ulong found = Cpu.Thread(0).Load<ulong>(WordAt(page, word));
        SmallMachine.Demand(found == value, $"No store is lost: {found} of {value} in page {page}.");
    }

    /// <summary>Fails the schedule unless a word of the file has a value.</summary>
    public void DemandFileWord(int page, int word, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        int read = RandomAccess.Read(_file!, bytes, (long)(WordAt(page, word).Value - Address));
        ulong found = MemoryMarshal.Read<ulong>(bytes);
        SmallMachine.Demand(read == bytes.Length && found == value, $"No store is lost on its way to the file: {found} of {value} in page {page}.");
    }

    /// <summary>Looks whether the books are right, ends the process, and looks whether anything is left.</summary>
    public void TakeDown()
    {
        for (int page = 0; page < PageCount; page++)
        {
            CpuPte entry = Mm.PageTable.Read(WordAt(page, 0));
            SmallMachine.Demand(!entry.IsMigration, "No migration entry is left.");
            FrameNumber frame = entry.Frame;
            (int References, int Maps, bool IsLocked) books = (Frames.ReferenceCount(frame), Frames.MapCount(frame), Frames.IsLocked(frame));
            SmallMachine.Demand(
                !entry.NamesFrame || books == (_cache is null ? 1 : 2, 1, false),
                $"A page at rest has one owner, and its file, if it has one, and no lock: {books}.");
        }

        _devices.ForEach(device => device.Leave());
        Mm.Dispose();
        _cache?.Dispose();
        SmallMachine.Demand(Frames.AllocatedFrames == 0, $"{Frames.AllocatedFrames} frames are left at the end.");
        _devices.ForEach(device => device.Remove());
        SmallMachine.Demand(Mm.Notifiers.Count == 0 && Mm.Notifiers.Sequence % 2 == 0, "No notifier and no invalidation is left at the end.");
    }

    private Errno MapPages(ulong pages) => Mm.Map(Address, pages * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);

    /// <summary>Maps a file without a name; it is gone when the machine is, at the latest with the process.</summary>
    private Errno MapFile()
    {
        string path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"gpusvm-explore-{Environment.ProcessId}"));
        _file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.SetLength(_file, PageCount * (long)Page.Size);
        _cache = FileCache.Open(Frames, path, FileAccess.ReadWrite);
        File.Delete(path);
        var source = new CacheSource(_cache, MapSharing.Shared);
        return Mm.MapCache(Address, PageCount * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, source, out _);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        Frames.Dispose();
        _memory.Dispose();
    }
}
