namespace GpuSvm.Driver;

/// <summary>Drains the ring GET..PUT into a batch and gives the slots back at once, so that the GPU can go on reporting.</summary>
/// <remarks>
/// An entry may become valid after PUT has passed it: it is waited for, within a deadline, before GET passes it, or its slot would be
/// written late under another entry. A batch that holds something already ends there instead.
/// Source: NVIDIA uvm_gpu_replayable_faults.c, fetch mode BATCH_READY, and fault_buffer_flush_locked.
/// </remarks>
internal sealed partial class FaultFetcher(ReplayableFaultBuffer buffer, SvmDriverOptions options)
{
    // Entries are numbered from the first that was ever passed: the batch's first, and the first after the last replay.
    private long _passed;
    private long _firstOfBatch;
    private long _firstSinceReplay;
    private int _put;

    /// <summary>Number of entries that never became valid and were passed over.</summary>
    public long LateEntries { get; private set; }

    /// <summary>Number of times that PUT was read: over the bus, on hardware.</summary>
    public long PutReads { get; private set; }

    /// <summary>Number of times that GET was written.</summary>
    public long GetWrites { get; private set; }

    /// <summary>Looks how much the ring holds, for <see cref="Fetch"/>, or for parts.</summary>
    /// <returns>Number of entries, valid or not, that a batch has room for.</returns>
    public int Look(FaultBatch batch)
    {
        batch.Clear();
        _put = ReadPut();
        int waiting = _put - buffer.Get;
        return Math.Min(waiting < 0 ? waiting + buffer.EntryCount : waiting, batch.Capacity);
    }

    /// <summary>Fills <paramref name="batch"/> from the ring.</summary>
    /// <returns>True if entries were taken out of the ring, be it that none of them was ever valid.</returns>
    public bool Fetch(FaultBatch batch)
    {
        int first = buffer.Get;
        int get = first;
        int put = _put;
        while (get != put && !batch.IsFull && !buffer.IsLost)
        {
            Span<FaultEntry> room = batch.Room(get < put ? put - get : buffer.EntryCount - get);
            int taken = buffer.Take(get, room);
            batch.Keep(taken);
            _passed += taken;
            get = taken > 0 ? After(get + taken - 1) : get;
            if (taken == room.Length)
            {
                continue;
            }

            if (batch.Count > 0)
            {
                break;
            }

            if (WaitUntilValid(get, NewDeadline(), out FaultEntry fault))
            {
                batch.Add(fault);
            }
            else
            {
                LateEntries++;
            }

            get = Pass(get);
        }

        _firstOfBatch = _passed - batch.Count;
        if (get == first)
        {
            return false;
        }

        WriteGet(get);
        return true;
    }

    /// <summary>Throws away what stands between GET and PUT. A replay follows, so that what still waits is reported again.</summary>
    /// <returns>Number of entries.</returns>
    public int Flush()
    {
        int get = buffer.Get;
        int put = ReadPut();
        int flushed = 0;
        Deadline deadline = NewDeadline();
        for (; get != put; flushed++)
        {
            LateEntries += WaitUntilValid(get, deadline, out _) ? 0 : 1;
            get = Pass(get);
        }

        if (flushed > 0)
        {
            WriteGet(get);
        }

        _firstSinceReplay = _passed;
        return flushed;
    }

    /// <summary>Says that a replay comes: what the ring holds now is of accesses that have not tried again since.</summary>
    public void NoteReplay()
    {
        int waiting = ReadPut() - buffer.Get;
        _firstSinceReplay = _passed + (waiting < 0 ? waiting + buffer.EntryCount : waiting);
    }

    /// <summary>True if a fault of the last batch was reported after the last replay.</summary>
    /// <param name="number">Its place in the order of arrival.</param>
    public bool IsSinceReplay(int number) => _firstOfBatch + number >= _firstSinceReplay;

    private int ReadPut()
    {
        PutReads++;
        return buffer.Put;
    }

    private void WriteGet(int index)
    {
        GetWrites++;
        buffer.WriteGet(index);
    }

    private int Pass(int index)
    {
        _passed++;
        buffer.MarkInvalid(index);
        return After(index);
    }

    private int After(int index) => index + 1 == buffer.EntryCount ? 0 : index + 1;

    private Deadline NewDeadline() => options.Clock.After(options.Timeout);

    private bool WaitUntilValid(int index, Deadline deadline, out FaultEntry fault)
    {
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
