using System.Runtime.InteropServices;

namespace GpuSvm.HmmTests;

/// <summary>A process of a test: its memory, a thread, and the devices that it has opened.</summary>
internal sealed class HmmProcess(HmmMachine machine, SimulatedCpu cpu, AddressSpace space) : IDisposable
{
    /// <summary>Number of pages of a test's buffer: 4 MiB.</summary>
    public const int BufferPages = 1024;

    /// <summary>Number of pages of a huge page: 2 MiB.</summary>
    public const int BlockPages = 512;

    /// <summary>Number of <c>int</c> on a page.</summary>
    public const int IntsOfPage = (int)(Page.Size / sizeof(int));

    private readonly List<DeviceFile> _files = [];

    public AddressSpace Space => space;

    public SimulatedCpu Cpu => cpu;

    public CpuThread Thread { get; } = cpu.Thread(0);

    /// <summary>What <c>int[i]</c> is in a buffer that was filled: i.</summary>
    public static int Index(int i) => i;

    /// <summary>Opens a device.</summary>
    public DeviceFile Open(TestDevice device)
    {
        DeviceFile file = device.Open(space) ?? throw new HmmExpectationException("the device cannot be opened");
        _files.Add(file);
        return file;
    }

    /// <summary>Starts a process with the same memory.</summary>
    public HmmProcess Fork() => machine.AddProcess(childCpu =>
    {
        Errno error = space.TryFork(childCpu, null, out AddressSpace? child);
        Expect.Equal(Errno.None, error, "fork");
        return child!;
    });

    /// <summary>Maps anonymous private memory.</summary>
    public VirtualAddress Map(int pages, Protection protection = Protection.ReadWrite)
    {
        Errno error = space.Map(default, (ulong)pages * Page.Size, protection, MapPlacement.Anywhere, out VirtualAddress address);
        Expect.Equal(Errno.None, error, $"mmap of {pages} pages");
        return address;
    }

    /// <summary>Maps anonymous memory that a forked child shares.</summary>
    public VirtualAddress MapShared(int pages)
    {
        Errno error = space.MapShared(
            default, (ulong)pages * Page.Size, Protection.ReadWrite, MapPlacement.Anywhere, out VirtualAddress address);
        Expect.Equal(Errno.None, error, $"mmap of {pages} shared pages");
        return address;
    }

    /// <summary>Maps all of a file, whose length is of whole pages.</summary>
    public VirtualAddress MapFile(FileCache file, Protection protection, MapSharing sharing)
    {
        Errno error = space.MapCache(
            default, file.PageCount * Page.Size, protection, MapPlacement.Anywhere, new CacheSource(file, sharing), out VirtualAddress address);
        Expect.Equal(Errno.None, error, $"mmap of a file of {file.PageCount} pages");
        return address;
    }

    /// <summary>Moves pages to a fixed address, with more flags if wanted.</summary>
    public VirtualAddress Remap(VirtualAddress from, int pages, RemapFlags flags, VirtualAddress to)
    {
        ulong length = (ulong)pages * Page.Size;
        Errno error = space.Remap(from, length, length, RemapFlags.MayMove | RemapFlags.Fixed | flags, to, out VirtualAddress at);
        Expect.Equal((Errno.None, to), (error, at), $"mremap of {pages} pages");
        return at;
    }

    public void Advise(VirtualAddress address, int pages, Advice advice) =>
        Expect.Equal(Errno.None, space.Advise(address, (ulong)pages * Page.Size, advice), $"madvise {advice} of {pages} pages");

    public void Unmap(VirtualAddress address, int pages) =>
        Expect.Equal(Errno.None, space.Unmap(address, (ulong)pages * Page.Size), $"munmap of {pages} pages");

    public void Protect(VirtualAddress address, int pages, Protection protection) =>
        Expect.Equal(Errno.None, space.Protect(address, (ulong)pages * Page.Size, protection), $"mprotect of {pages} pages");

    /// <summary>Has the CPU store <c>int[i]</c> in pages of a buffer: i, unless said.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="first">The first of its pages that is filled.</param>
    /// <param name="pages">How many are filled.</param>
    /// <param name="value">What each int of the buffer is to be.</param>
    public void Fill(VirtualAddress buffer, int first, int pages, Func<int, int>? value = null) =>
        Thread.Write(buffer + ((ulong)first * Page.Size), Ints(first, pages, value ?? Index));

    /// <summary>Has the CPU load pages of a buffer, and stops the test unless <c>int[i]</c> is as expected: i, unless said.</summary>
    public void ExpectInts(VirtualAddress buffer, int first, int pages, Func<int, int>? expected = null)
    {
        byte[] bytes = new byte[pages * (int)Page.Size];
        Thread.Read(buffer + ((ulong)first * Page.Size), bytes);
        expected ??= Index;
        Expect.Ints(bytes, i => expected(i + (first * IntsOfPage)), $"what the CPU reads from page {first} on");
    }

    /// <summary>Stops the test unless pages of a buffer are all where they must be: by their entries, and by what the address space says.</summary>
    public void ExpectPlace(VirtualAddress buffer, int first, int pages, Place place)
    {
        for (int page = first; page < first + pages; page++)
        {
            Expect.Equal(place, machine.PlaceOf(space.PageTable.Read(buffer + ((ulong)page * Page.Size))), $"where page {page} is");
        }

        foreach (ResidencyRun run in space.Residency(AddressRange.FromLength(buffer + ((ulong)first * Page.Size), (ulong)pages * Page.Size)))
        {
            Expect.Equal(place, machine.PlaceOf(run), $"where {run.Range.PageCount} pages from {run.Range.Start} on are said to be");
        }
    }

    /// <summary>Stops the test unless so many pages of a buffer are the same in another process.</summary>
    public void ExpectSameFrames(HmmProcess other, VirtualAddress buffer, int pages, int same)
    {
        int count = Enumerable.Range(0, pages).Count(page => FrameOf(buffer, page) == other.FrameOf(buffer, page));
        Expect.Equal(same, count, "pages that both processes have");
    }

    private FrameNumber FrameOf(VirtualAddress buffer, int page)
    {
        CpuPte pte = space.PageTable.Read(buffer + ((ulong)page * Page.Size));
        Expect.Equal(true, pte.Maps, $"whether page {page} is there");
        return pte.Frame;
    }

    /// <summary>The bytes of pages of a buffer in which <c>int[i]</c> follows a rule.</summary>
    public static byte[] Ints(int first, int pages, Func<int, int> value)
    {
        byte[] bytes = new byte[pages * (int)Page.Size];
        Span<int> ints = MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
        for (int i = 0; i < ints.Length; i++)
        {
            ints[i] = value(i + (first * IntsOfPage));
        }

        return bytes;
    }

    /// <summary>Closes the devices and ends the process.</summary>
    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        space.Exit();
    }
}
