namespace GpuSvm.Mm;

/// <summary>The pages whose translations one operation makes the CPU forget, as the smallest range that holds them.</summary>
internal struct CpuFlush
{
    private ulong _start;
    private ulong _end;

    /// <summary>Adds a page; addresses rise.</summary>
    public void Add(ulong page)
    {
        if (_end == 0)
        {
            _start = page;
        }

        _end = page + Page.Size;
    }

    /// <summary>Has the CPU forget every translation of the pages.</summary>
    public readonly void Detach(ICpu cpu)
    {
        if (_end != 0)
        {
            cpu.Detach(new AddressRange(_start, _end));
        }
    }

    /// <summary>Has the CPU forget that it may write the pages.</summary>
    public readonly void WriteProtect(ICpu cpu)
    {
        if (_end != 0)
        {
            cpu.WriteProtect(new AddressRange(_start, _end));
        }
    }
}
