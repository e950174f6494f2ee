namespace GpuSvm.Mm;

/// <summary>What a CPU calls when an access finds no usable translation.</summary>
public interface ICpuFaultHandler
{
    /// <summary>Serves a fault.</summary>
    /// <param name="address">The byte that was touched.</param>
    /// <param name="access">What was tried.</param>
    /// <returns>
    /// <see cref="Errno.None"/> when the access may be tried again; <see cref="Errno.EFAULT"/> when nothing is mapped there or the
    /// protection forbids it (SIGSEGV); <see cref="Errno.ENOMEM"/> when no frame is left, <see cref="Errno.EBUSY"/> when the page was being
    /// moved until the deadline (SIGBUS). <see cref="Errno.EAGAIN"/> when the page is entered but <see cref="ICpu.Map"/> said false: the
    /// access still waits, and the CPU must ask for it again.
    /// </returns>
    /// <remarks>Locking: no lock held on entry; takes the mmap lock shared.</remarks>
    Errno HandleFault(VirtualAddress address, CpuAccess access);
}
