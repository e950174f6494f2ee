namespace GpuSvm.Live;

/// <content>The app's buffers.</content>
internal sealed partial class EngineSession
{
    /// <summary>Makes a buffer, which the app maps where it likes.</summary>
    /// <exception cref="SvmException">ENOMEM: the heap's limit is reached; or the system refuses the memory.</exception>
    public LiveBuffer Reserve(ulong bytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bytes);
        Drain();
        Errno error = _buffers.TryReserve(bytes, out LiveBuffer? buffer);
        if (error == Errno.ENOMEM)
        {
            _buffers.DropUnmapped();
            error = _buffers.TryReserve(bytes, out buffer);
        }

        return error == Errno.None
            ? buffer!
            : throw new SvmException(
                error, $"No room for a buffer of {new ByteSize(bytes)} in a heap of {new ByteSize(_memory.FrameCount << Page.Shift)}.");
    }

    /// <summary>Takes note of where the app has mapped a buffer, and has its faults told from now on.</summary>
    /// <exception cref="SvmException">The place is taken, unaligned or not mapped by the app.</exception>
    public void Enter(long id, VirtualAddress address, Protection protection)
    {
        LiveBuffer buffer = Find(id);
        if (buffer.IsEntered)
        {
            throw new ArgumentException($"Buffer {id} was mapped before.", nameof(id));
        }

        AddressRange range = AddressRange.FromLength(address, buffer.Memory.PageCount << Page.Shift);

        // Else memory that is none of this engine's would be registered.
        Errno error = ProcessMaps.Shows(_app.ProcessId!.Value, id, range) ? MapObject(buffer, address, protection) : Errno.ENOENT;
        if (error == Errno.None)
        {
            error = _userfaultfd.Register(range);
            if (error != Errno.None)
            {
                _mm.Unmap(range.Start, range.Length);
            }
            else
            {
                // Pages that the kernel has entered before (mlockall) would be the app's without a fault.
                _memory.Punch(buffer.Memory.FirstFrame, buffer.Memory.PageCount);
            }
        }

        if (error != Errno.None)
        {
            throw new SvmException(error, $"The buffer could not be entered at {address}.");
        }

        buffer.IsEntered = true;
    }

    /// <summary>Gives a buffer back that the app could not map.</summary>
    public void Drop(long id)
    {
        LiveBuffer buffer = Find(id);
        if (buffer.IsEntered)
        {
            throw new ArgumentException($"Buffer {id} is mapped: unmapping it gives it back.", nameof(id));
        }

        _buffers.Drop(buffer);
    }

    /// <summary>Enters a buffer in the address space, where the app has mapped it.</summary>
    /// <remarks>
    /// EEXIST passes: another thread of the app has unmapped what was there, and the kernel, which gives the addresses to the next before
    /// it tells of that, is about to tell.
    /// </remarks>
    private Errno MapObject(LiveBuffer buffer, VirtualAddress address, Protection protection)
    {
        Deadline deadline = Clock.Monotonic.After(Deadline.Default);
        var pause = new WakeEvent();
        while (true)
        {
            Drain();
            Errno error = _mm.MapObject(address, buffer.Memory, protection);
            if (error != Errno.EEXIST || deadline.HasPassed)
            {
                return error;
            }

            pause.Wait(Clock.Monotonic.After(TimeSpan.FromMilliseconds(1)));
        }
    }

    private LiveBuffer Find(long id) =>
        _buffers.Find(id) ?? throw new ArgumentException($"There is no buffer {id}.", nameof(id));
}
