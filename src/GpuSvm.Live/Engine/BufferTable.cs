using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The buffers of a live process: memfds, each placed over frames of the engine's memory.</summary>
/// <remarks>Thread-safe. Frames of a buffer are reserved again only after the unmapping that freed them has ended.</remarks>
internal sealed class BufferTable(SystemMemory memory, PageFrames frames) : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.Machine);
    private readonly List<LiveBuffer> _buffers = [];
    private long _lastId;

    /// <summary>Number of buffers.</summary>
    public int Count
    {
        get
        {
            using (_lock.Enter())
            {
                return _buffers.Count;
            }
        }
    }

    /// <summary>Makes a buffer of zeros, which costs memory as its pages are touched.</summary>
    /// <param name="bytes">Rounded up to whole pages; at least 1.</param>
    /// <param name="buffer">The buffer, in case of success.</param>
    /// <returns>ENOMEM when no frames are left for its size.</returns>
    /// <exception cref="SvmException">The system refuses the memfd.</exception>
    public Errno TryReserve(ulong bytes, out LiveBuffer? buffer)
    {
        buffer = null;
        ulong pages = Page.Count(bytes);
        using (_lock.Enter())
        {
            Errno error = frames.TryReserve(pages, out MemoryObject? reserved);
            if (error != Errno.None)
            {
                return error;
            }

            SafeFileHandle? file = null;
            try
            {
                file = MemoryFile.Create(BufferName.Of(Environment.ProcessId, _lastId + 1), pages * Page.Size);
                memory.Place(reserved!.FirstFrame, pages, file);
            }
            catch
            {
                file?.Dispose();
                frames.Release(reserved!);
                throw;
            }

            buffer = new LiveBuffer(++_lastId, reserved, file);
            _buffers.Add(buffer);
            return Errno.None;
        }
    }

    /// <summary>The buffer of an id, or null.</summary>
    public LiveBuffer? Find(long id)
    {
        using (_lock.Enter())
        {
            return _buffers.Find(buffer => buffer.Id == id);
        }
    }

    /// <summary>Gives a buffer back that was never mapped, or no longer is.</summary>
    public void Drop(LiveBuffer buffer)
    {
        using (_lock.Enter())
        {
            if (_buffers.Remove(buffer))
            {
                Free(buffer);
            }
        }
    }

    /// <summary>Gives every buffer back that was mapped once and is no longer, unless somebody has a page still: a pin, or a move that is about to end.</summary>
    public void DropUnmapped()
    {
        using (_lock.Enter())
        {
            for (int i = _buffers.Count - 1; i >= 0; i--)
            {
                if (_buffers[i] is { IsEntered: true, Memory.MappedPages: 0 } buffer && !frames.HasUsedFrames(buffer.Memory))
                {
                    _buffers.RemoveAt(i);
                    Free(buffer);
                }
            }
        }
    }

    /// <summary>Gives all buffers back; no mapping is left.</summary>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            _buffers.ForEach(Free);
            _buffers.Clear();
        }
    }

    private void Free(LiveBuffer buffer)
    {
        memory.Withdraw(buffer.Memory.FirstFrame, buffer.Memory.PageCount);
        buffer.File.Dispose();
        frames.Release(buffer.Memory);
    }
}
