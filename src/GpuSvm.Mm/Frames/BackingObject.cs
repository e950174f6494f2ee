namespace GpuSvm.Mm;

/// <summary>What stands behind mappings, page for page: the memory of a buffer, shared memory, a file.</summary>
/// <remarks>Any number of address spaces may map it. Source: Linux struct address_space.</remarks>
public abstract class BackingObject
{
    private long _mappedPages;

    private protected BackingObject(ulong pageCount) => PageCount = pageCount;

    /// <summary>Number of pages.</summary>
    public ulong PageCount { get; }

    /// <summary>Number of pages that mappings hold at this moment, touched or not; a page counts once for each mapping.</summary>
    public ulong MappedPages => (ulong)SharedWord.Read(ref _mappedPages);

    /// <summary>Whose frames they are; null once the object is gone.</summary>
    internal abstract PageFrames? Owner { get; }

    /// <summary>False if a shared mapping of it may never be written.</summary>
    internal virtual bool IsWritable => true;

    /// <summary>True if it must hear of every page that may be written: entries get write access by a write fault only.</summary>
    internal virtual bool HearsOfWrites => false;

    /// <summary>Finds a page, brought in where it is missing, with one reference for who asks.</summary>
    /// <param name="index">Which page.</param>
    /// <param name="frame">Its frame.</param>
    /// <returns>EFAULT: behind the end. ENOMEM: no frame for it. EIO: its bytes could not be read.</returns>
    /// <remarks>Locking: no lock from <see cref="LockRank.PageCache"/> on is held; may read a file.</remarks>
    internal abstract Errno TryGet(ulong index, out FrameNumber frame);

    /// <summary>Counts pages of a mapping that comes. The mmap lock of its address space is held exclusively.</summary>
    internal void AddMapping(ulong first, ulong pages)
    {
        SharedWord.Add(ref _mappedPages, (long)pages);
        Shown(first, pages);
    }

    /// <summary>Counts pages of a mapping that goes. The mmap lock of its address space is held exclusively.</summary>
    internal void RemoveMapping(ulong first, ulong pages)
    {
        Hidden(first, pages);
        if (SharedWord.Add(ref _mappedPages, -(long)pages) == 0)
        {
            Unmapped();
        }
    }

    /// <summary>Called when one mapping more shows certain pages.</summary>
    private protected virtual void Shown(ulong first, ulong pages)
    {
    }

    /// <summary>Called when one mapping less shows certain pages.</summary>
    private protected virtual void Hidden(ulong first, ulong pages)
    {
    }

    /// <summary>Called when no mapping of it is left.</summary>
    private protected virtual void Unmapped()
    {
    }
}
