namespace GpuSvm.Driver;

/// <summary>Drains the ring GET..PUT into a batch and gives the slots back at once, so that the GPU can go on reporting.</summary>
/// <remarks>
/// An entry may become valid after PUT has passed it. Where the batch holds something already, fetching stops there; a first entry is
/// waited for, within a deadline. Source: NVIDIA uvm_gpu_replayable_faults.c, fetch mode BATCH_READY.
/// </remarks>
internal sealed class FaultFetcher(IFaultBuffer buffer, SvmDriverOptions options)
{
    /// <summary>Number of entries that never became valid and were passed over.</summary>
    public long LateEntries { get; private set; }

    /// <summary>Fills <paramref name="batch"/> from the ring.</summary>
    /// <returns>True if entries were taken out of the ring, be it that none of them was ever valid.</returns>
    public bool Fetch(FaultBatch batch)
    {
        batch.Clear();
        int first = buffer.Get;
        int get = first;
        int put = buffer.Put;
        while (get != put && !batch.IsFull)
        {
            if (buffer.TryRead(get, out FaultEntry fault) || (batch.Count == 0 && WaitUntilValid(get, out fault)))
            {
                batch.Add(fault);
            }
            else if (batch.Count > 0)
            {
                break;
            }
            else
            {
                LateEntries++;
            }

            buffer.MarkInvalid(get);
            get = get + 1 == buffer.EntryCount ? 0 : get + 1;
        }

        if (get == first)
        {
            return false;
        }

        buffer.WriteGet(get);
        return true;
    }

    private bool WaitUntilValid(int index, out FaultEntry fault)
    {
        Deadline deadline = options.Clock.After(options.Timeout);
        var spin = default(Spin);
        do
        {
            if (buffer.TryRead(index, out fault))
            {
                return true;
            }

            spin.Once();
        }
        while (!deadline.HasPassed);

        return false;
    }
}
