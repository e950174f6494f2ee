namespace GpuSvm.Mm;

/// <summary>Where the pages of memory objects are that do not live in the frame which is theirs: in a device's memory.</summary>
/// <remarks>
/// Thread-safe, without a lock: a page changes its place while the lock of the frame that it leaves is held, and is forgotten before its
/// frame can be used for another.
/// </remarks>
internal sealed class AwayPages
{
    private readonly FrameMap _places = new();
    private readonly FrameMap _homes = new();

    /// <summary>The frame where the page of a frame lives.</summary>
    public FrameNumber PlaceOf(FrameNumber home) => _places.TryGet(home, out FrameNumber place) ? place : home;

    /// <summary>The frame that belongs to the page which lives in a frame; false if it is no object's page that is away.</summary>
    public bool TryHomeOf(FrameNumber place, out FrameNumber home) => _homes.TryGet(place, out home);

    /// <summary>Notes that a page has moved, maybe home.</summary>
    public void Move(FrameNumber home, FrameNumber place)
    {
        bool leaves = _places.TryGet(home, out FrameNumber left) && left != place;
        if (place != home)
        {
            // Who finds the place finds the home.
            _homes.Set(place, home);
            _places.Set(home, place);
        }
        else if (leaves)
        {
            _places.Clear(home, left);
        }

        if (leaves)
        {
            _homes.Clear(left, home);
        }
    }

    /// <summary>Forgets a page whose last reference is gone: it begins anew at home, as zero.</summary>
    /// <remarks>Of two who do so, one may come late, when the page is away again: only where it was is forgotten.</remarks>
    public void Forget(FrameNumber place)
    {
        if (TryHomeOf(place, out FrameNumber home))
        {
            _places.Clear(home, place);
            _homes.Clear(place, home);
        }
    }
}
