using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A descriptor that becomes readable once, to end a wait in poll(2). Source: eventfd(2).</summary>
internal sealed partial class StopEvent : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;

    /// <summary>Makes an event that is not set.</summary>
    /// <exception cref="SvmException">No descriptor is left.</exception>
    public StopEvent()
    {
        int descriptor = CreateEvent(0, CloseOnExec | NonBlocking);
        Descriptor = descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new SvmException((Errno)Marshal.GetLastPInvokeError(), "An eventfd could not be made.");
    }

    /// <summary>Readable once the event is set.</summary>
    public SafeFileHandle Descriptor { get; }

    /// <summary>Sets the event.</summary>
    public void Set()
    {
        ulong one = 1;
        _ = WriteCount(Descriptor, ref one, sizeof(ulong));
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint count, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteCount(SafeFileHandle descriptor, ref ulong value, nuint size);
}
