namespace GpuSvm.Mm;

/// <summary>What <see cref="HmmRangeFault"/> is asked. Source: Linux struct hmm_range.</summary>
public ref struct HmmRange
{
    /// <summary>Tells of changes; its range holds <see cref="Range"/>.</summary>
    public required IntervalNotifier Notifier { get; init; }

    /// <summary>What <see cref="IntervalNotifier.TryReadBegin"/> gave.</summary>
    public required long Sequence { get; set; }

    /// <summary>The pages: page-aligned, not empty.</summary>
    public required AddressRange Range { get; init; }

    /// <summary>Request bits for every page.</summary>
    public HmmPfn DefaultFlags { get; init; }

    /// <summary>Which request bits of the single pages count besides; none by default.</summary>
    public HmmPfn FlagsMask { get; init; }

    /// <summary>One word for each page of <see cref="Range"/>: request in, answer out.</summary>
    public required Span<HmmPfn> Pfns { get; init; }

    /// <summary>The device that asks: its own private pages count as present. Null for none.</summary>
    public object? Owner { get; init; }
}
