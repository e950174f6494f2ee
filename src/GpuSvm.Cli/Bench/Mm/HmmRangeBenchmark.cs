using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>The answers for 2 MiB that are present and writable: 512 pages of 4 KiB, one table of the CPU, or one huge page.</summary>
internal sealed class HmmRangeBenchmark : MmBenchmark
{
    /// <summary>What the CPU maps.</summary>
    internal enum PageSize
    {
        Small,
        Huge,
    }

    private const int Pages = 512;
    private readonly HmmPfn[] _pfns = new HmmPfn[Pages];
    private readonly BenchMirror _mirror = new();
    private readonly IntervalNotifier _notifier;
    private readonly AddressRange _range;
    private readonly PageSize _size;

    /// <summary>Writes to every page.</summary>
    public HmmRangeBenchmark(PageSize size)
        : base(frames: 4 * Pages, new AddressSpaceOptions { HugePages = size == PageSize.Huge ? HugePagePolicy.Always : HugePagePolicy.Never })
    {
        _size = size;
        _range = MapTouched(Pages);
        _notifier = new IntervalNotifier(_mirror);
        Require(Space.Notifiers.Insert(_notifier, _range));
    }

    /// <inheritdoc/>
    public override string Name => _size == PageSize.Huge ? "mm.hmm_range_fault_huge" : "mm.hmm_range_fault_512";

    /// <inheritdoc/>
    protected override int Rounds => 2_000;

    /// <inheritdoc/>
    protected override void Run()
    {
        if (!_notifier.TryReadBegin(Space.Clock.After(Deadline.Default), out long sequence))
        {
            Require(Errno.EBUSY);
        }

        var range = new HmmRange
        {
            Notifier = _notifier,
            Sequence = sequence,
            Range = _range,
            Pfns = _pfns,
            DefaultFlags = HmmPfn.RequestFault | HmmPfn.RequestWrite,
        };
        using (Space.MmapLock.EnterShared())
        {
            Require(HmmRangeFault.Fault(Space, ref range));
        }
    }
}
