namespace GpuSvm.Driver;

/// <content>How often a range moves for one fault, and for how long.</content>
internal sealed partial class RangeService
{
    /// <summary>Source: Linux xe_device.c, atomic_svm_timeslice_ms.</summary>
    private static readonly TimeSpan FirstTimeslice = TimeSpan.FromMilliseconds(5);

    /// <summary>How often a range may be moved: what was sent home to become writable goes back, but not in the original way.</summary>
    private int MostMoves(in RangeRequest request, in RangeTries tries) =>
        request.IsDeviceOnly ? options.Ranges.AtomicTries :
        !request.Moves ? 0 :
        !tries.IsSentHome ? 1 :
        request.IsUniform ? 0 : 2;

    /// <summary>How long pages stay that move now: for who must have them there twice as long at each try.</summary>
    private TimeSpan TimesliceOf(in RangeRequest request, in RangeTries tries)
    {
        TimeSpan usual = options.Ranges.Timeslice;
        return !request.IsDeviceOnly ? usual : (usual > FirstTimeslice ? usual : FirstTimeslice) * (1 << tries.Moves);
    }

    /// <summary>
    /// Brings pages home that cannot be mapped where they are. If they are to go back, the process gets copies of its own of those that it
    /// shares, which may be written there; and nobody has taken them back, so that their history does not count it.
    /// </summary>
    private void SendHome(SvmRange range, in RangeRequest request)
    {
        bool goesBack = request.Moves && !request.IsUniform;
        if (goesBack)
        {
            using (_client.Mirror.UpdateLock.Enter())
            {
                HistoryOf(range).BeginMove();
            }
        }

        _ = _ranges.Space.Evict(range);
        if (goesBack)
        {
            _ = _ranges.Space.GetPages(range, request.Context with { IsDeviceMemoryOnly = false });
            using (_client.Mirror.UpdateLock.Enter())
            {
                HistoryOf(range).EndMove(0);
            }
        }
    }
}
