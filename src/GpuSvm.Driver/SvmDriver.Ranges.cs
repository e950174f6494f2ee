namespace GpuSvm.Driver;

/// <content>Ranges, and the pages that move with them.</content>
public sealed partial class SvmDriver
{
    private long _rangesMadeForClosed;
    private long _pagesRequested;

    /// <summary>What was counted of the ranges of all clients, those that have ended included, and of the GPU's memory.</summary>
    public MigrationCounters MigrationCounters
    {
        get
        {
            // In this order: what was asked for is never more than what came.
            long requested = SharedWord.Read(ref _pagesRequested);
            DeviceMemoryCounters memory = DeviceMemory?.Counters ?? default;
            using (_svmLock.EnterShared())
            {
                // A client takes its ranges with it.
                long made = _clients.Sum(client => client.RangeSpace?.RangesMade ?? 0);
                long removed = _clients.Sum(client => client.RangeSpace?.RangesRemoved ?? 0);
                return new MigrationCounters
                {
                    PagesToDeviceByFault = memory.PagesToDevice - requested,
                    PagesToDeviceByRequest = requested,
                    PagesHomeByFault = memory.PagesHomeByFault,
                    PagesHomeByRequest = memory.PagesHomeByRequest,
                    PagesHomeByEviction = memory.PagesEvicted,
                    PagesDuplicated = Counters.DuplicatedPages,
                    TimesliceRefusals = memory.TimesliceRefusals,
                    Evictions = memory.Evictions,
                    PeakVideoPages = memory.PeakPages,
                    RangesMade = _rangesMadeForClosed + made,
                    RangesRemoved = _rangesMadeForClosed + removed,
                };
            }
        }
    }

    /// <summary>Where the pages of a client's ranges are now; see <see cref="SvmSpace.Residency"/>.</summary>
    /// <returns>Runs of pages, in order, of which each lies in one range; none unless the client has <see cref="SizedRangesStrategy"/>.</returns>
    /// <exception cref="ObjectDisposedException">The client is closed.</exception>
    public IReadOnlyList<SvmResidencyRun> ResidencyOf(SvmClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        using (_svmLock.EnterShared())
        {
            ObjectDisposedException.ThrowIf(client.IsDisposed, client);
            IReadOnlyList<SvmResidencyRun> all = client.RangeSpace?.Residency(new AddressRange(0UL, CpuPageTable.AddressLimit)) ?? [];
            return [.. all.Where(run => !run.Chunk.IsEmpty)];
        }
    }
}
