namespace GpuSvm.Svm;

/// <summary>Pages of a range that were looked up on the CPU's side.</summary>
/// <param name="range">The range.</param>
/// <param name="sequence">What the read of its notifier began with.</param>
/// <param name="first">Number of the first page in the range.</param>
/// <param name="pfns">A word for each page.</param>
internal readonly ref struct PageLook(SvmRange range, long sequence, int first, Span<HmmPfn> pfns)
{
    public SvmRange Range { get; } = range;

    public long Sequence { get; } = sequence;

    public int First { get; } = first;

    public int End => First + Pfns.Length;

    public Span<HmmPfn> Pfns { get; } = pfns;

    public AddressRange Addresses => Range.AddressesOf(First, End);
}
