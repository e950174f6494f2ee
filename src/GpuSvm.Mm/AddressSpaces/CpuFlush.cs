namespace GpuSvm.Mm;

/// <summary>The pages whose translations one operation makes a CPU forget.</summary>
/// <remarks>
/// Where frames are free that is the smallest range that holds them all: one flush. Where they are fixed it is such a range for each
/// mapping, in which the frames follow each other as the pages do.
/// </remarks>
internal struct CpuFlush(ICpu cpu)
{
    private readonly bool _isWhole = (cpu.Capabilities & CpuCapabilities.FreeFrames) != 0;
    private List<Run>? _earlier;
    private Run _run;

    /// <summary>Adds the page of an entry; addresses rise. A huge page is added whole.</summary>
    public void Add(ulong page, CpuPte pte)
    {
        ulong start = _run.Range.IsEmpty ? page : _run.Range.Start;
        ulong end = page + (pte.IsHuge ? HugePage.Size : Page.Size);
        _run = new Run(new AddressRange(start, end), _run.Range.IsEmpty ? pte.Frame : _run.FirstFrame);
    }

    /// <summary>Says that the pages of one mapping have been added.</summary>
    public void EndMapping()
    {
        if (!_isWhole && !_run.Range.IsEmpty)
        {
            (_earlier ??= []).Add(_run);
            _run = default;
        }
    }

    /// <summary>Has the CPU forget every translation of the pages, and live their bytes.</summary>
    public readonly void Detach() => Each(static (cpu, run) => cpu.Detach(run.Range, run.FirstFrame));

    /// <summary>Has the CPU forget every translation of the pages.</summary>
    public readonly void Revoke() => Each(static (cpu, run) => cpu.Revoke(run.Range, run.FirstFrame));

    /// <summary>Has the CPU stop storing to the pages.</summary>
    public readonly void Isolate() => Each(static (cpu, run) => cpu.Isolate(run.Range));

    /// <summary>Has the CPU forget that it may write the pages.</summary>
    public readonly void WriteProtect() => Each(static (cpu, run) => cpu.WriteProtect(run.Range));

    private readonly void Each(Action<ICpu, Run> tell)
    {
        foreach (Run run in _earlier ?? [])
        {
            tell(cpu, run);
        }

        if (!_run.Range.IsEmpty)
        {
            tell(cpu, _run);
        }
    }

    private readonly record struct Run(AddressRange Range, FrameNumber FirstFrame);
}
