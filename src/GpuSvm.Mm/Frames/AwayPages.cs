namespace GpuSvm.Mm;

/// <summary>Where the pages of memory objects are that do not live in the frame which is theirs: in a device's memory.</summary>
/// <remarks>
/// Thread-safe; the lock is taken below page-table locks. A page changes its place while the lock of the frame that it leaves is held, and
/// is forgotten before its frame can be used for another.
/// </remarks>
internal sealed class AwayPages
{
    private readonly RankedLock _lock = new(LockRank.FrameAllocator);
    private readonly Dictionary<ulong, FrameNumber> _places = [];
    private readonly Dictionary<ulong, FrameNumber> _homes = [];
    private int _count;

    /// <summary>The frame where the page of a frame lives.</summary>
    public FrameNumber PlaceOf(FrameNumber home)
    {
        if (SharedWord.Read(ref _count) == 0)
        {
            return home;
        }

        using (_lock.Enter())
        {
            return _places.GetValueOrDefault(home.Value, home);
        }
    }

    /// <summary>The frame that belongs to the page which lives in a frame; false if it is no object's page that is away.</summary>
    public bool TryHomeOf(FrameNumber place, out FrameNumber home)
    {
        home = default;
        if (SharedWord.Read(ref _count) == 0)
        {
            return false;
        }

        using (_lock.Enter())
        {
            return _homes.TryGetValue(place.Value, out home);
        }
    }

    /// <summary>Notes that a page has moved, maybe home.</summary>
    public void Move(FrameNumber home, FrameNumber place)
    {
        using (_lock.Enter())
        {
            if (_places.Remove(home.Value, out FrameNumber left))
            {
                _homes.Remove(left.Value);
            }

            if (place != home)
            {
                _places.Add(home.Value, place);
                _homes.Add(place.Value, home);
            }

            SharedWord.Write(ref _count, _places.Count);
        }
    }

    /// <summary>Forgets a page whose last reference is gone: it begins anew at home, as zero.</summary>
    public void Forget(FrameNumber place)
    {
        if (TryHomeOf(place, out FrameNumber home))
        {
            Move(home, home);
        }
    }
}
