using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A descriptor that becomes readable once, to end a wait in poll(2). Source: eventfd(2).</summary>
internal sealed unsafe class StopEvent : IDisposable
{
    /// <summary>Makes an event that is not set.</summary>
    /// <exception cref="SvmException">No descriptor is left.</exception>
    public StopEvent()
    {
        int descriptor = Libc.CreateEvent(0, Libc.CloseOnExec | Libc.NonBlocking);
        Descriptor = descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new SvmException(Libc.LastError, "An eventfd could not be made.");
    }

    /// <summary>Readable once the event is set.</summary>
    public SafeFileHandle Descriptor { get; }

    /// <summary>Sets the event.</summary>
    public void Set()
    {
        ulong one = 1;

        // SAFETY: the kernel reads the 8 bytes of a local.
        _ = Libc.Write(Descriptor, &one, sizeof(ulong));
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();
}
