namespace GpuSvm.Driver;

/// <summary>Cancels faults that cannot be served, and remembers for a batch which channels were cancelled with all that they wait for.</summary>
/// <remarks>
/// Once more than one fault is cancelled its channel dies: what else the batch holds of it is thrown away, and the ring is flushed and
/// replayed after the batch, so that every other channel reports itself again, and of this one whatever has outlived the cancel.
/// Locking: any worker of a batch; takes a device lock. Source: nouveau_svm.c, nouveau_svm_fault_cancel.
/// </remarks>
internal sealed class FaultCanceller(IGpu gpu, CancelScope scope)
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly HashSet<InstancePointer> _killed = [];

    /// <summary>True once a channel was cancelled as a whole since <see cref="Begin"/>: the ring must be flushed and replayed.</summary>
    public bool HasKilled => scope != CancelScope.Fault && _killed.Count > 0;

    /// <summary>Begins a batch.</summary>
    public void Begin()
    {
        if (scope != CancelScope.Fault)
        {
            _killed.Clear();
        }
    }

    /// <summary>True for a fault of a channel that was cancelled in this batch: it is thrown away.</summary>
    public bool Drops(in FaultEntry fault)
    {
        if (scope == CancelScope.Fault)
        {
            return false;
        }

        using (_lock.Enter())
        {
            return _killed.Contains(fault.Instance);
        }
    }

    /// <summary>Cancels faults of one page, channel and access.</summary>
    /// <param name="alike">At least one; none is dropped.</param>
    /// <param name="error">Why.</param>
    /// <returns>Number of cancels that were asked for: the other faults go with the first.</returns>
    public int Cancel(ReadOnlySpan<FaultEntry> alike, Errno error)
    {
        if (scope == CancelScope.Fault)
        {
            // Each by itself: the access of one may have gone on while that of another waits.
            foreach (ref readonly FaultEntry fault in alike)
            {
                Cancel(fault, ReportOf(fault, error));
            }

            return alike.Length;
        }

        ref readonly FaultEntry first = ref alike[0];
        using (_lock.Enter())
        {
            _killed.Add(first.Instance);
        }

        Cancel(first, ReportOf(first, error));
        return 1;
    }

    private void Cancel(in FaultEntry fault, GpuFaultReport report)
    {
        if (scope == CancelScope.Channel || Breaks.DuplicateHandledTwice)
        {
            gpu.Cancel(fault.Instance, report);
        }
        else if (scope == CancelScope.Unit)
        {
            gpu.CancelUnit(CancelTarget.Of(fault), report);
        }
        else
        {
            gpu.CancelFault(fault, report);
        }
    }

    private static GpuFaultReport ReportOf(in FaultEntry fault, Errno error) =>
        new(fault.Address, fault.Access, CancelReason.Of(error, fault), error);
}
