using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A polled ring of this process, made for another process to submit to: the kernel carries out here what that one asks for.</summary>
/// <remarks>
/// Nothing in this process has to run for it, so it works while a garbage collection has stopped every thread. The descriptor of a ring
/// cannot be sent; the other process fetches it by number (pidfd_getfd). Source: io_uring_setup(2).
/// </remarks>
internal sealed unsafe class LentRing : IDisposable
{
    private const nint SetUp = 425;
    private const uint Entries = 8;
    private const uint IdleMilliseconds = 20;
    private const int SetPtracer = 0x5961_6d61;
    private readonly SafeFileHandle _descriptor;

    private LentRing(SafeFileHandle descriptor, RingLayout layout)
    {
        _descriptor = descriptor;
        Layout = layout;
    }

    /// <summary>Its number here, and where its words lie.</summary>
    public RingLayout Layout { get; }

    /// <summary>Makes a ring, and lets a process fetch it and read this one's memory, where the system asks for leave (Yama).</summary>
    /// <param name="borrower">The process.</param>
    /// <exception cref="SvmException">The system refuses: rings are switched off (kernel.io_uring_disabled), or a container forbids them.</exception>
    public static LentRing Create(int borrower)
    {
        var parameters = new RingParameters { Flags = RingParameters.Polled, IdleMilliseconds = IdleMilliseconds };

        // SAFETY: the kernel reads and writes the 120 bytes of a local.
        nint number = Libc.SystemCall(SetUp, (nint)Entries, (nint)(&parameters), 0, 0);
        if (number < 0)
        {
            Errno error = Libc.LastError;
            throw new SvmException(
                error,
                "Memory cannot be adopted: the system allows no io_uring to this process" +
                $" ({error}; see the sysctl kernel.io_uring_disabled, and what the container forbids).");
        }

        var descriptor = new SafeFileHandle(number, ownsHandle: true);
        if ((parameters.Features & RingParameters.SingleMapping) == 0)
        {
            descriptor.Dispose();
            throw new SvmException(Errno.EOPNOTSUPP, "Memory cannot be adopted: the io_uring of this kernel is too old.");
        }

        // Without Yama nobody has to be given leave, and the call is unknown.
        _ = Libc.ProcessControl(SetPtracer, borrower, 0, 0, 0);
        return new LentRing(descriptor, RingLayout.Of((int)number, parameters));
    }

    /// <summary>Closes it here; the other process keeps what it has fetched.</summary>
    public void Dispose() => _descriptor.Dispose();
}
