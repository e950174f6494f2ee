namespace GpuSvm.Mm;

/// <summary>A run of page frames that one mapping of it fixes page for page: the memory of a buffer that a live process maps too.</summary>
/// <remarks>
/// The frames are only reserved; each is taken when its page is touched and free again when the page is taken away.
/// Source: Linux struct address_space of a memfd, as far as it says which page of the file stands where.
/// </remarks>
public sealed class MemoryObject
{
    private ulong _mappedPages;

    internal MemoryObject(PageFrames owner, FrameNumber firstFrame, ulong pageCount)
    {
        Owner = owner;
        FirstFrame = firstFrame;
        PageCount = pageCount;
    }

    /// <summary>Frame of its first page; the others follow.</summary>
    public FrameNumber FirstFrame { get; }

    /// <summary>Number of pages.</summary>
    public ulong PageCount { get; }

    /// <summary>Number of its pages that mappings hold at this moment, touched or not.</summary>
    public ulong MappedPages => SharedWord.Read(ref _mappedPages);

    /// <summary>Whose frames they are; null once released.</summary>
    internal PageFrames? Owner { get; set; }

    /// <summary>Counts pages of a mapping that comes. Mmap lock held exclusively.</summary>
    internal void AddMapping(ulong pages) => SharedWord.Write(ref _mappedPages, _mappedPages + pages);

    /// <summary>Counts pages of a mapping that goes. Mmap lock held exclusively.</summary>
    internal void RemoveMapping(ulong pages) => SharedWord.Write(ref _mappedPages, _mappedPages - pages);

    /// <summary>The frames as text, in the form <c>pfn:0x400+16</c>.</summary>
    public override string ToString() => $"{FirstFrame}+{PageCount}";
}
