namespace GpuSvm.Mm;

/// <summary>Pages that stay where they are until this is disposed: a reference to the frame of each.</summary>
/// <remarks>Used by one thread at a time. They stay in use when they are unmapped meanwhile.</remarks>
public sealed class PagePins : IDisposable
{
    private readonly PageFrames _frames;
    private readonly List<FrameNumber> _pinned = [];

    internal PagePins(PageFrames frames) => _frames = frames;

    /// <summary>Adds a page, whose reference passes to these.</summary>
    internal void Add(FrameNumber frame) => _pinned.Add(frame);

    /// <summary>Lets the pages move again. A second call does nothing.</summary>
    public void Dispose()
    {
        _pinned.ForEach(_frames.Put);
        _pinned.Clear();
    }
}
