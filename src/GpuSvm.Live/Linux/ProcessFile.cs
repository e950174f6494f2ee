using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A process as a descriptor (pidfd), which never means another process and is readable once the process has ended.</summary>
internal static class ProcessFile
{
    private const nint SendSignal = 424;
    private const nint OpenProcess = 434;
    private const nint SignalKill = 9;

    /// <summary>Opens a process by its id.</summary>
    /// <exception cref="SvmException">There is none (ESRCH), or the kernel knows no pidfd (ENOSYS).</exception>
    internal static SafeFileHandle Open(int processId)
    {
        nint descriptor = Libc.SystemCall(OpenProcess, processId, 0, 0, 0);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new SvmException(Libc.LastError, $"Process {processId} could not be opened.");
    }

    /// <summary>Ends the process at once (SIGKILL); nothing happens if it has ended.</summary>
    /// <exception cref="SvmException">It may not be ended by this process.</exception>
    internal static void Kill(SafeFileHandle process)
    {
        bool added = false;
        try
        {
            process.DangerousAddRef(ref added);
            if (Libc.SystemCall(SendSignal, process.DangerousGetHandle(), SignalKill, 0, 0) < 0 && Libc.LastError != Errno.ESRCH)
            {
                throw new SvmException(Libc.LastError, "A process could not be killed.");
            }
        }
        finally
        {
            if (added)
            {
                process.DangerousRelease();
            }
        }
    }
}
