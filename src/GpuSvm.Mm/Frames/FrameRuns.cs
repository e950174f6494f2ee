namespace GpuSvm.Mm;

/// <summary>Runs of consecutive free frames: each request gets the lowest place where it fits. Not thread-safe.</summary>
/// <remarks>Source: D. Knuth, The Art of Computer Programming, volume 1, 2.5, first fit with neighbours joined.</remarks>
internal sealed class FrameRuns
{
    // In order of frame; no two touch.
    private readonly List<(ulong First, ulong Count)> _free = [];

    /// <summary>Begins with the frames <c>[first, first + count)</c> free.</summary>
    public FrameRuns(ulong first, ulong count)
    {
        if (count > 0)
        {
            _free.Add((first, count));
        }
    }

    /// <summary>The free runs, in order.</summary>
    public IReadOnlyList<(ulong First, ulong Count)> Free => _free;

    /// <summary>Takes the lowest run of a length.</summary>
    /// <returns>False when no free run is that long.</returns>
    public bool TryTake(ulong count, out FrameNumber first)
    {
        int index = _free.FindIndex(run => run.Count >= count);
        if (index < 0)
        {
            first = default;
            return false;
        }

        (ulong start, ulong length) = _free[index];
        first = new FrameNumber(start);
        if (length == count)
        {
            _free.RemoveAt(index);
        }
        else
        {
            _free[index] = (start + count, length - count);
        }

        return true;
    }

    /// <summary>Takes a run that lies where the caller says.</summary>
    /// <returns>False when not all of it is free.</returns>
    public bool TryTakeAt(FrameNumber first, ulong count)
    {
        int index = _free.FindIndex(run => run.First <= first.Value && first.Value - run.First <= run.Count && run.Count - (first.Value - run.First) >= count);
        if (index < 0)
        {
            return false;
        }

        (ulong start, ulong length) = _free[index];
        _free.RemoveAt(index);
        Add(index, first.Value + count, start + length);
        Add(index, start, first.Value);
        return true;
    }

    /// <summary>Gives a run back that was taken.</summary>
    public void Return(FrameNumber first, ulong count)
    {
        ulong start = first.Value;
        ulong end = start + count;
        int index = _free.FindIndex(run => run.First >= start);
        index = index < 0 ? _free.Count : index;
        Checks.That(index == _free.Count || _free[index].First >= end, "A run of frames is returned once.");
        if (index < _free.Count && _free[index].First == end)
        {
            end += _free[index].Count;
            _free.RemoveAt(index);
        }

        if (index > 0)
        {
            (ulong before, ulong length) = _free[index - 1];
            Checks.That(before + length <= start, "A run of frames is returned once.");
            if (before + length == start)
            {
                _free[index - 1] = (before, end - before);
                return;
            }
        }

        _free.Insert(index, (start, end - start));
    }

    private void Add(int index, ulong start, ulong end)
    {
        if (start < end)
        {
            _free.Insert(index, (start, end - start));
        }
    }
}
