namespace GpuSvm.Mm;

/// <summary>Gives the own frames of pages that are about to come home their memory, of frames that follow each other at once.</summary>
/// <remarks>
/// For a live process that is a system call for each run instead of one for each page. It helps and decides nothing: a frame that gets no
/// memory here asks for it, and is refused, when it is taken. Pages of memory objects only; the migration holds their locks.
/// </remarks>
public ref struct HomeRun(PageFrames frames)
{
    private FrameNumber _first;
    private ulong _count;

    /// <summary>Adds a page.</summary>
    /// <param name="source">The frame where it lives, which a migration has collected.</param>
    public void Add(FrameNumber source)
    {
        if (!frames.TryFreeHomeOf(source, out FrameNumber home))
        {
            return;
        }

        if (_count > 0 && home != _first + _count)
        {
            End();
        }

        _first = _count == 0 ? home : _first;
        _count++;
    }

    /// <summary>Sees to what was added.</summary>
    public void End()
    {
        if (_count > 1)
        {
            frames.Populate(_first, _count);
        }

        _count = 0;
    }
}
