using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>Memory with a descriptor (memfd), which processes share by mapping it.</summary>
internal static class MemoryFile
{
    private const uint CloseOnExec = 1;
    private const uint AllowSealing = 2;
    private const int AddSeals = 1033;
    private const int SealSeal = 1;
    private const int SealShrink = 2;
    private const int SealGrow = 4;

    /// <summary>Makes a file of holes whose size nobody can change any more: a shorter one would end its users by SIGBUS.</summary>
    /// <param name="name">Shown in /proc/PID/maps.</param>
    /// <param name="sizeBytes">A multiple of 4096, at least one page.</param>
    /// <exception cref="SvmException">The system refuses; carries its error code.</exception>
    internal static SafeFileHandle Create(string name, ulong sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizeBytes);
        if (!Page.IsAligned(sizeBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(sizeBytes), sizeBytes, "A memory file consists of whole pages of 4096 bytes.");
        }

        var file = new SafeFileHandle(Libc.CreateMemoryFile(name, CloseOnExec | AllowSealing), ownsHandle: true);
        if (file.IsInvalid
            || Libc.Truncate(file, checked((nint)sizeBytes)) < 0
            || Libc.Control(file, AddSeals, SealSeal | SealShrink | SealGrow) < 0)
        {
            Errno error = Libc.LastError;
            file.Dispose();
            throw new SvmException(error, $"A sealed memory file of {sizeBytes} bytes could not be made.");
        }

        return file;
    }
}
