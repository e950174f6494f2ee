namespace GpuSvm.Driver;

/// <summary>How often the pages of a range have come and gone: <see cref="SvmRange.Data"/>. Guarded by the update lock.</summary>
internal sealed class RangeHistory
{
    private const int MostDoublings = 6;

    private int _returns;
    private int _rest;
    private bool _isMoving;
    private bool _isThere;

    /// <summary>A fault is about to move pages to the device's memory: what the range hears of until <see cref="EndMove"/> is that.</summary>
    public void BeginMove() => _isMoving = true;

    /// <summary>It has tried.</summary>
    public void EndMove(long moved)
    {
        _isMoving = false;
        _isThere |= moved > 0;
    }

    /// <summary>Notes that pages have moved: if not to the device's memory then back from there, of which the first counts.</summary>
    public void NoteMigration()
    {
        if (_isMoving || !_isThere)
        {
            return;
        }

        _isThere = false;
        _rest = (1 << _returns) - 1;
        _returns = Math.Min(_returns + 1, MostDoublings);
    }

    /// <summary>True if the range may be moved there again; asked by each fault that finds it elsewhere.</summary>
    public bool TryEndRest()
    {
        bool hasRested = _rest == 0;
        _rest -= hasRested ? 0 : 1;
        return hasRested;
    }
}
