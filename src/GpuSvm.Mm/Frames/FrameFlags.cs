namespace GpuSvm.Mm;

/// <summary>Marks of a page frame; gone when it is free.</summary>
[Flags]
public enum FrameFlags
{
    /// <summary>No mark.</summary>
    None = 0,

    /// <summary>The page is anonymous and only one entry maps it: a write need not copy it. Source: Linux PG_anon_exclusive.</summary>
    AnonExclusive = 1 << 0,

    /// <summary>Somebody has written the page since its bytes were last stored elsewhere. Source: Linux PG_dirty.</summary>
    Dirty = 1 << 1,

    /// <summary>Somebody has used the page. Source: Linux PG_referenced.</summary>
    Accessed = 1 << 2,

    /// <summary>The bytes are lost. Source: Linux PG_hwpoison.</summary>
    Poisoned = 1 << 3,

    /// <summary>The first of 512 frames that are one huge page and counted here. Source: Linux PG_head.</summary>
    Huge = 1 << 4,

    /// <summary>A device has the page alone, and every entry that maps it says so; of pages that address spaces share.</summary>
    DeviceExclusive = 1 << 6,

    /// <summary>One of the 511 others of a huge page.</summary>
    Tail = 1 << 5,

    /// <summary>A device may read a duplicate of the page: whoever grants write access to it opens an invalidation first.</summary>
    Duplicated = 1 << 7,

    /// <summary>A free frame of a memory object that has its memory already: its page is about to come home to it.</summary>
    Populated = 1 << 8,
}
