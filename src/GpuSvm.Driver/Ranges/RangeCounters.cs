using System.Numerics;

namespace GpuSvm.Driver;

/// <summary>What a driver has counted of the ranges of its clients. Written by the servicer's thread, read by any.</summary>
/// <remarks>Faults that find their page mapped are <see cref="DriverCounters.Covered"/>. Source: Linux xe_gt_stats.c, svm_*.</remarks>
public sealed class RangeCounters
{
    private OrderCounts _bound;

    /// <summary>Times that the pages of a range were entered in the GPU's page table.</summary>
    public long Bound { get; private set; }

    /// <summary>Those of them that found the pages valid: nothing was looked up.</summary>
    public long BoundAsTheyWere { get; private set; }

    /// <summary>Times that pages were got again, because they had changed before they were bound.</summary>
    public long Retries { get; private set; }

    /// <summary>Times that pages of a range were brought home, because they could not be mapped where they were.</summary>
    public long SentHome { get; private set; }

    /// <summary>Times that pages of a range were moved to the device's memory by a fault.</summary>
    public long Moves { get; private set; }

    /// <summary>Tries to move a range in which no page moved.</summary>
    public long FailedMoves { get; private set; }

    /// <summary>Ranges that could not be had as a whole: their faults were served page by page.</summary>
    public long LeftToPages { get; private set; }

    /// <summary>Times that ranges of one size were entered in the GPU's page table.</summary>
    /// <param name="chunk">The size: 4 KiB times a power of two.</param>
    public long BoundOf(ByteSize chunk)
    {
        int order = BitOperations.Log2(chunk.Bytes) - Page.Shift;
        return order is >= 0 and <= HugePage.Order ? _bound[order] : 0;
    }

    internal void Add(in RangeTally tally)
    {
        for (int order = 0; order <= HugePage.Order; order++)
        {
            _bound[order] += tally.Bound[order];
            Bound += tally.Bound[order];
        }

        BoundAsTheyWere += tally.BoundAsTheyWere;
        Retries += tally.Retries;
        SentHome += tally.SentHome;
        Moves += tally.Moves;
        FailedMoves += tally.FailedMoves;
        LeftToPages += tally.LeftToPages;
    }
}
