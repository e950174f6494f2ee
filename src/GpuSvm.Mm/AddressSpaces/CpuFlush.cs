namespace GpuSvm.Mm;

/// <summary>The pages whose translations one operation makes a CPU forget.</summary>
/// <remarks>
/// Where frames are free that is the smallest range that holds them all: one flush. Where they are fixed it is such a range for each
/// run, in which the frames follow each other as the pages do: of a mapping, or of pages that leave together.
/// </remarks>
internal struct CpuFlush(ICpu cpu)
{
    private readonly bool _isWhole = (cpu.Capabilities & CpuCapabilities.FreeFrames) != 0;
    private List<Run>? _earlier;
    private ulong _start;
    private ulong _end;
    private FrameNumber _first;

    /// <summary>Adds the page of an entry; addresses rise. A huge page is added whole.</summary>
    public void Add(ulong page, CpuPte pte)
    {
        if (IsEmpty)
        {
            _start = page;
            _first = pte.Frame;
        }

        _end = page + (pte.IsHuge ? HugePage.Size : Page.Size);
    }

    /// <summary>Says that the pages of one mapping have been added, or that the next one stays: where frames are fixed it keeps its bytes.</summary>
    public void EndRun()
    {
        if (!_isWhole && !IsEmpty)
        {
            (_earlier ??= []).Add(Last);
            _start = _end;
        }
    }

    /// <summary>Has the CPU forget every translation of the pages, and live their bytes.</summary>
    public readonly void Detach() => Each(static (cpu, run) => cpu.Detach(run.Range, run.FirstFrame));

    /// <summary>Has the CPU forget every translation of pages that the program has unmapped or moved.</summary>
    public readonly void Leave() => Each(static (cpu, run) => cpu.Leave(run.Range));

    /// <summary>Has the CPU forget every translation of the pages.</summary>
    public readonly void Revoke() => Each(static (cpu, run) => cpu.Revoke(run.Range, run.FirstFrame));

    /// <summary>Has the CPU stop storing to the pages.</summary>
    public readonly void Isolate() => Each(static (cpu, run) => cpu.Isolate(run.Range));

    /// <summary>Has the CPU forget that it may write the pages.</summary>
    public readonly void WriteProtect() => Each(static (cpu, run) => cpu.WriteProtect(run.Range));

    /// <summary>Has accesses of the CPU that wait on the pages look again.</summary>
    public readonly void Wake() => Each(static (cpu, run) => cpu.Wake(run.Range));

    private readonly void Each(Action<ICpu, Run> tell)
    {
        for (int i = 0; i < (_earlier?.Count ?? 0); i++)
        {
            tell(cpu, _earlier![i]);
        }

        if (!IsEmpty)
        {
            tell(cpu, Last);
        }
    }

    private readonly bool IsEmpty => _start == _end;

    private readonly Run Last => new(new AddressRange(_start, _end), _first);

    private readonly record struct Run(AddressRange Range, FrameNumber FirstFrame);
}
