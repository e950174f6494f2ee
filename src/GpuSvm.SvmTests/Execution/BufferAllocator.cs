namespace GpuSvm.SvmTests;

/// <summary>Makes the buffers of a section, as the program's allocator and mmap would.</summary>
/// <param name="process">Where.</param>
/// <param name="section">Of what kind.</param>
/// <param name="sizeBytes">Size of a buffer: whole pages.</param>
/// <param name="most">Number of buffers that there are at once at most.</param>
/// <param name="machine">How much of a buffer is touched.</param>
internal sealed class BufferAllocator(SvmProcess process, SvmSection section, ulong sizeBytes, int most, MachineSize machine)
{
    /// <summary>From this size on an allocator maps memory for each allocation. Source: malloc(3) of the GNU C library, M_MMAP_THRESHOLD.</summary>
    private const ulong MapThreshold = 128 * 1024;

    private const byte ContentOfFiles = 0x33;
    private readonly Stack<TestBuffer> _freeOnHeap = new();
    private readonly ulong _touchedBytes = Math.Min(sizeBytes, machine.MostTouched);
    private VirtualAddress _heap;

    /// <summary>True if buffers are pieces of one mapping, which stays when they are freed.</summary>
    public bool IsHeap { get; } = !section.Has(SectionFlags.Map) && sizeBytes < MapThreshold;

    private ulong Alignment => sizeBytes >= HugePage.Size || section.Has(SectionFlags.HugePages) ? HugePage.Size : Page.Size;

    /// <summary>Takes addresses for one more buffer.</summary>
    public VirtualAddress Reserve() => process.Reserve(sizeBytes, Alignment);

    /// <summary>Makes a buffer, filled by the CPU where the section says so.</summary>
    public TestBuffer Allocate(CpuThread cpu, PageFrames frames)
    {
        TestBuffer buffer = IsHeap ? TakeFromHeap() : MapNew(frames);
        if (!section.Has(SectionFlags.SkipFill))
        {
            buffer.FillBy(cpu);
        }

        if (section.Has(SectionFlags.Locked))
        {
            process.Advise(buffer.Address, (ulong)buffer.Image.Length, Advice.PopulateWrite);
        }

        return buffer;
    }

    /// <summary>Frees a buffer.</summary>
    public void Free(TestBuffer buffer)
    {
        if (IsHeap)
        {
            _freeOnHeap.Push(buffer);
            return;
        }

        process.Unmap(buffer.Address, buffer.SizeBytes);
        buffer.File?.ExpectUnchanged();
        buffer.File?.Dispose();
    }

    /// <summary>Unmaps the heap.</summary>
    public void Leave()
    {
        if (_heap != default)
        {
            process.Unmap(_heap, sizeBytes * (ulong)most);
        }
    }

    private TestBuffer TakeFromHeap()
    {
        if (_heap == default)
        {
            _heap = process.Map(sizeBytes * (ulong)most);
            for (int i = most - 1; i >= 0; i--)
            {
                _freeOnHeap.Push(new TestBuffer(_heap + ((ulong)i * sizeBytes), sizeBytes, _touchedBytes));
            }
        }

        return _freeOnHeap.Pop();
    }

    private TestBuffer MapNew(PageFrames frames)
    {
        VirtualAddress address = Reserve();
        if (section.Has(SectionFlags.FileBacked))
        {
            var file = new TestFile(frames, [.. Enumerable.Repeat(ContentOfFiles, (int)sizeBytes)]);
            process.MapFileAt(address, sizeBytes, file.Cache);
            var buffer = new TestBuffer(address, sizeBytes, _touchedBytes) { File = file };
            Array.Fill(buffer.Image, ContentOfFiles);
            return buffer;
        }

        if (section.Has(SectionFlags.Shared))
        {
            process.MapSharedAt(address, sizeBytes);
        }
        else
        {
            process.MapAt(address, sizeBytes);
        }

        if (section.Has(SectionFlags.HugePages))
        {
            process.Advise(address, sizeBytes, Advice.HugePage);
        }

        return new TestBuffer(address, sizeBytes, _touchedBytes);
    }
}
