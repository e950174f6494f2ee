using GpuSvm.Core;
using GpuSvm.Mm;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>A device without entries, which reaches each frame where it is.</summary>
internal sealed class BenchDevice : ISvmRangeOwner, IDmaMapper
{
    /// <inheritdoc/>
    public long MappedPages { get; private set; }

    /// <inheritdoc/>
    public bool Invalidate(SvmNotifier notifier, in Invalidation invalidation) => true;

    /// <inheritdoc/>
    public void DropEntries(SvmRange range, AddressRange part)
    {
    }

    /// <inheritdoc/>
    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        MappedPages += 1L << order;
        address = new DeviceAddress(frame.Value * Page.Size);
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unmap(DeviceAddress address, int order) => MappedPages -= 1L << order;
}
