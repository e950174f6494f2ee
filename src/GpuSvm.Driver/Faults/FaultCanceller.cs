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
    private readonly HashSet<InstancePointer> _cancelled = [];
    private bool _hasKilled;

    /// <summary>True once a channel is to be cancelled as a whole since <see cref="Begin"/>: the ring must be flushed and replayed.</summary>
    public bool HasKilled => scope != CancelScope.Fault && SharedWord.Read(ref _hasKilled);

    /// <summary>Begins a batch.</summary>
    public void Begin()
    {
        if (HasKilled)
        {
            _killed.Clear();
            _cancelled.Clear();
            SharedWord.Write(ref _hasKilled, false);
        }
    }

    /// <summary>Says that a fault cannot be served, before it is cancelled: what its channel waits for besides need not be served either.</summary>
    public void Kill(in FaultEntry fault)
    {
        if (scope != CancelScope.Fault)
        {
            using (_lock.Enter())
            {
                _killed.Add(fault.Instance);
            }

            SharedWord.Write(ref _hasKilled, true);
        }
    }

    /// <summary>True for a fault of a channel that is cancelled as a whole: it is thrown away.</summary>
    public bool Drops(in FaultEntry fault)
    {
        if (!HasKilled)
        {
            return false;
        }

        using (_lock.Enter())
        {
            return _killed.Contains(fault.Instance);
        }
    }

    /// <summary>Cancels a fault.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="error">Why.</param>
    /// <returns>False if it went with another fault of its channel in this batch.</returns>
    /// <remarks>By the thread of the servicer only.</remarks>
    public bool TryCancel(in FaultEntry fault, Errno error)
    {
        Kill(fault);
        if (scope != CancelScope.Fault && !_cancelled.Add(fault.Instance))
        {
            return false;
        }

        Cancel(fault, new GpuFaultReport(fault.Address, fault.Access, CancelReason.Of(error, fault), error));
        return true;
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
            // By itself: the access of one may have gone on while that of another waits.
            gpu.CancelFault(fault, report);
        }
    }
}
