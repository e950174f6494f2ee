using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Mm;

/// <summary>The pages of a file, as far as they were touched.</summary>
/// <remarks>
/// The file's length counts as it is when the cache is made: the bytes behind it in its last page read as zero and are never written
/// back, pages behind that one fault. Where others have cut the file since, pages behind its end that were not touched yet fault too;
/// those that were stay, and what is behind the end is not written back. Pages that a shared mapping may have written are dirty and go back
/// to the file by <see cref="Sync"/>, which takes write access from all mappings first, and when the cache is disposed and no mapping is
/// left.
/// Departure: Linux takes pages from all mappings when a file is cut, and forgets that a page is dirty when its file did not take it.
/// Source: Linux mm/filemap.c; mm/rmap.c, page_mkclean; mm/page-writeback.c.
/// </remarks>
public sealed class FileCache : PageCache
{
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly bool _isWritable;

    private FileCache(PageFrames frames, SafeFileHandle file, long length, FileAccess access)
        : base(frames, Page.Count((ulong)length))
    {
        _file = file;
        _length = length;
        _isWritable = (access & FileAccess.Write) != 0;
    }

    /// <inheritdoc/>
    internal override bool IsWritable => _isWritable;

    /// <inheritdoc/>
    internal override bool HearsOfWrites => true;

    /// <summary>Opens a file that is there.</summary>
    /// <param name="frames">Where its pages come from.</param>
    /// <param name="path">The file.</param>
    /// <param name="access">For reading, or for both; without writing no shared mapping may write.</param>
    /// <exception cref="ArgumentException">Not for reading.</exception>
    /// <exception cref="IOException">The file is not there, or cannot be opened.</exception>
    public static FileCache Open(PageFrames frames, string path, FileAccess access)
    {
        if ((access & FileAccess.Read) == 0)
        {
            throw new ArgumentException("A file that is mapped must be readable.", nameof(access));
        }

        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
        return new FileCache(frames, file, RandomAccess.GetLength(file), access);
    }

    /// <summary>Writes dirty pages back to the file.</summary>
    /// <param name="firstPage">Index of the first page.</param>
    /// <param name="pages">Number of pages; may reach behind the end.</param>
    /// <param name="written">Number of pages that were written.</param>
    /// <returns>
    /// EIO when the file did not take a page, ENOSPC when there was no room for it: of the first one. It stays dirty, and the others are
    /// written all the same; so the next call tries again what is left, and says None when nothing is.
    /// </returns>
    /// <remarks>
    /// Opens invalidations in every address space that may write such a page. Locking: no lock from the page locks on is held.
    /// Source: Linux msync(2) with MS_SYNC.
    /// </remarks>
    public Errno Sync(ulong firstPage, ulong pages, out int written)
    {
        written = 0;
        Errno error = Errno.None;
        foreach ((ulong index, FrameNumber frame) in Cached(firstPage, pages))
        {
            if ((Owner.FlagsOf(frame) & FrameFlags.Dirty) != 0)
            {
                Clean(frame);
                Errno failed = Write(index, frame);
                written += failed == Errno.None ? 1 : 0;
                error = error == Errno.None ? failed : error;
            }

            Owner.Put(frame);
        }

        return error;
    }

    /// <inheritdoc/>
    private protected override Errno Fill(ulong index, Span<byte> bytes)
    {
        try
        {
            long offset = (long)(index * Page.Size);
            if (offset >= RandomAccess.GetLength(_file))
            {
                return Errno.EFAULT;
            }

            for (int read; !bytes.IsEmpty && (read = RandomAccess.Read(_file, bytes, offset)) > 0; offset += read)
            {
                bytes = bytes[read..];
            }

            return Errno.None;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Errno.EIO;
        }
    }

    /// <inheritdoc/>
    private protected override void Close()
    {
        if (!_file.IsClosed)
        {
            // Nobody is left to hear of an error; who wants to know calls Sync.
            _ = Sync(0, PageCount, out _);
            _file.Dispose();
        }
    }

    /// <summary>Takes the dirty mark, and write access from all entries: whoever writes from now on sets the mark again.</summary>
    private void Clean(FrameNumber frame)
    {
        if (!Breaks.FilePageCleanedLate)
        {
            Owner.SetFlags(frame, FrameFlags.None, FrameFlags.Dirty);
        }

        List<FrameMapping> places = [];
        Owner.CopyMappings(frame, places);
        int cleaned = places.Count(place => Owner.SpaceOf(place.SpaceId)?.TryClean(place.Page, frame) ?? false);
        if (Breaks.FilePageCleanedLate)
        {
            Owner.SetFlags(frame, FrameFlags.None, FrameFlags.Dirty);
        }

        if (cleaned < Owner.MapCount(frame))
        {
            // An entry that just moves was not seen, and may still write.
            Owner.SetFlags(frame, FrameFlags.Dirty);
        }
    }

    /// <summary>What msync(2) says of a write that has failed. Source: Linux include/linux/pagemap.h, mapping_set_error.</summary>
    internal static Errno ErrorOf(Exception failure) => failure.HResult == (int)Errno.ENOSPC ? Errno.ENOSPC : Errno.EIO;

    private Errno Write(ulong index, FrameNumber frame)
    {
        long offset = (long)(index * Page.Size);
        try
        {
            // Not behind the end of a file that others have cut: it would grow again.
            long left = Math.Min(_length, RandomAccess.GetLength(_file)) - offset;
            if (left > 0)
            {
                RandomAccess.Write(_file, Owner.Memory.Frame(frame)[..(int)Math.Min((long)Page.Size, left)], offset);
            }

            return Errno.None;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Owner.SetFlags(frame, FrameFlags.Dirty);
            return ErrorOf(failure);
        }
    }
}
