namespace GpuSvm.Driver;

/// <content>Many entries are taken out of the ring in parts, by several at the same time.</content>
/// <remarks>
/// What lies behind an entry that is not valid yet may have been taken before that is known. So such an entry is waited for, where one
/// thread alone would end the batch before it.
/// </remarks>
internal sealed partial class FaultFetcher
{
    private readonly int[] _taken = new int[options.PartsOfBatch];
    private int _partSize;
    private int _wanted;

    /// <summary>Cuts what waits into parts, each of which is taken by one thread.</summary>
    /// <param name="batch">The batch, which is empty.</param>
    /// <param name="waiting">Number of entries: more than there are parts.</param>
    public void BeginParts(FaultBatch batch, int waiting)
    {
        _firstOfBatch = _passed;
        _wanted = waiting;
        _partSize = ((waiting - 1) / batch.PartLimit) + 1;
    }

    /// <summary>Takes a part: up to its end, or to an entry that is not valid yet.</summary>
    public void TakePart(FaultBatch batch, int part)
    {
        int first = part * _partSize;
        int end = Math.Min(first + _partSize, _wanted);
        int at = first;
        bool isValid = true;
        while (isValid && at < end)
        {
            // The ring may end inside the part.
            int index = IndexOf(at);
            int room = Math.Min(end - at, buffer.EntryCount - index);
            int taken = buffer.Take(index, batch.RoomAt(at, room));
            isValid = taken == room;
            at += taken;
        }

        _taken[part] = at - first;
    }

    /// <summary>Puts the parts together, all of which were taken; waits for entries that were not valid.</summary>
    public void JoinParts(FaultBatch batch)
    {
        for (int first = 0, part = 0; first < _wanted; first += _partSize, part++)
        {
            int end = Math.Min(first + _partSize, _wanted);
            batch.Keep(first, _taken[part]);
            _passed += _taken[part];
            for (int at = first + _taken[part]; at < end; at++)
            {
                AwaitLate(batch, IndexOf(at));
            }
        }

        WriteGet(IndexOf(_wanted));
    }

    private void AwaitLate(FaultBatch batch, int index)
    {
        if (!buffer.IsLost && WaitUntilValid(index, NewDeadline(), out FaultEntry fault))
        {
            batch.Add(fault);
        }
        else
        {
            LateEntries++;
        }

        Pass(index);
    }

    private int IndexOf(int place)
    {
        int index = buffer.Get + place;
        return index < buffer.EntryCount ? index : index - buffer.EntryCount;
    }
}
