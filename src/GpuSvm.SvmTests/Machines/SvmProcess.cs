namespace GpuSvm.SvmTests;

/// <summary>A process of a test: its memory and its threads.</summary>
internal sealed class SvmProcess(SystemMemory memory, SimulatedCpu cpu, AddressSpace space) : IDisposable
{
    public AddressSpace Space => space;

    public CpuThread Thread(int index) => cpu.Thread(index);

    /// <summary>Maps anonymous private memory.</summary>
    public VirtualAddress Map(ulong bytes, Protection protection = Protection.ReadWrite)
    {
        Errno error = space.Map(default, bytes, protection, MapPlacement.Anywhere, out VirtualAddress address);
        Expect.Equal(Errno.None, error, $"mmap of {bytes} bytes");
        return address;
    }

    /// <summary>Takes addresses that nobody else gets, and that nobody may touch.</summary>
    /// <param name="bytes">Whole pages.</param>
    /// <param name="alignment">A power of two of whole pages.</param>
    public VirtualAddress Reserve(ulong bytes, ulong alignment)
    {
        ulong more = alignment - Page.Size;
        VirtualAddress start = Map(bytes + more, Protection.None);
        VirtualAddress aligned = (start.Value + alignment - 1) & ~(alignment - 1);
        UnmapIfAny(start, aligned - start);
        UnmapIfAny(aligned + bytes, more - (aligned - start));
        return aligned;
    }

    /// <summary>Maps anonymous private memory at an address, in place of what is there.</summary>
    public void MapAt(VirtualAddress address, ulong bytes) =>
        Expect.Equal(Errno.None, space.Map(address, bytes, Protection.ReadWrite, MapPlacement.Fixed, out _), "mmap at an address");

    /// <summary>Maps anonymous shared memory at an address, in place of what is there.</summary>
    public void MapSharedAt(VirtualAddress address, ulong bytes) => Expect.Equal(
        Errno.None, space.MapShared(address, bytes, Protection.ReadWrite, MapPlacement.Fixed, out _), "mmap of shared memory at an address");

    /// <summary>Maps a file at an address, in place of what is there; what is written there is the process's own.</summary>
    public void MapFileAt(VirtualAddress address, ulong bytes, FileCache file)
    {
        var source = new CacheSource(file, MapSharing.Private);
        Errno error = space.MapCache(address, bytes, Protection.ReadWrite, MapPlacement.Fixed, source, out _);
        Expect.Equal(Errno.None, error, "mmap of a file at an address");
    }

    public void Unmap(VirtualAddress address, ulong bytes) => Expect.Equal(Errno.None, space.Unmap(address, bytes), "munmap");

    public void Protect(VirtualAddress address, ulong bytes, Protection protection) =>
        Expect.Equal(Errno.None, space.Protect(address, bytes, protection), $"mprotect {protection}");

    public void Advise(VirtualAddress address, ulong bytes, Advice advice) =>
        Expect.Equal(Errno.None, space.Advise(address, bytes, advice), $"madvise {advice}");

    /// <summary>Moves memory to an address, in place of what is there.</summary>
    public void Remap(VirtualAddress from, ulong bytes, RemapFlags flags, VirtualAddress to)
    {
        Errno error = space.Remap(from, bytes, bytes, RemapFlags.MayMove | RemapFlags.Fixed | flags, to, out VirtualAddress at);
        Expect.Equal((Errno.None, to), (error, at), "mremap");
    }

    /// <summary>Stops the test unless all pages of a range are in one place.</summary>
    public void ExpectPlace(AddressRange range, PageLocation place)
    {
        foreach (ResidencyRun run in space.Residency(range))
        {
            Expect.Equal(place, run.Location, $"where {run.Range.PageCount} pages from {run.Range.Start} on are");
        }
    }

    /// <summary>Starts a child, has its thread do something, and ends it.</summary>
    public void InChild(Action<CpuThread> body)
    {
        var childCpu = new SimulatedCpu(memory, 1);
        Expect.Equal(Errno.None, space.TryFork(childCpu, null, out AddressSpace? child), "fork");
        using (child)
        {
            body(childCpu.Thread(0));
        }
    }

    /// <summary>Ends the process.</summary>
    public void End()
    {
        Expect.Equal(0, space.Notifiers.Count, "notifiers left");
        space.Exit();
    }

    public void Dispose() => space.Dispose();

    private void UnmapIfAny(VirtualAddress address, ulong bytes)
    {
        if (bytes > 0)
        {
            Unmap(address, bytes);
        }
    }
}
