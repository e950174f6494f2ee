using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A userfaultfd: the page faults of registered memory of one process, as messages, and the calls that answer them.</summary>
/// <remarks>
/// <para>
/// The descriptor acts on the process that opened it, whoever holds it: opened in the app, it is passed to the engine. Reading never
/// waits.
/// </para>
/// <para>
/// Every member may be called by any thread; <see cref="Dispose"/> when none does any more. The calls that serve faults allocate nothing
/// and answer with an error code: EAGAIN means that the process changes its address space and a message about it waits to be read; ESRCH
/// that the process has ended.
/// </para>
/// <para>Ranges are half-open and page-aligned.</para>
/// </remarks>
internal sealed unsafe partial class Userfaultfd : IDisposable
{
    private const ulong RegisterModes = 7; // missing, write-protect, minor
    private const ulong Protect = 1;
    private const int ReadAndWrite = 2;

    private readonly int _number;

    /// <summary>Takes over a descriptor that another process opened.</summary>
    internal Userfaultfd(SafeFileHandle descriptor)
    {
        Descriptor = descriptor;
        _number = (int)descriptor.DangerousGetHandle();
    }

    /// <summary>The descriptor; closed by <see cref="Dispose"/>.</summary>
    internal SafeFileHandle Descriptor { get; }

    /// <summary>Opens one for this process.</summary>
    /// <param name="opened">It, still without its handshake (<see cref="Enable"/>); null when refused.</param>
    /// <param name="missing">When refused: one line that names the setting.</param>
    internal static Errno TryOpen(out Userfaultfd? opened, out string? missing)
    {
        nint flags = Libc.CloseOnExec | Libc.NonBlocking;
        nint number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 282 : 323;
        nint descriptor = Libc.SystemCall(number, flags, 0, 0, 0);
        Errno error = descriptor >= 0 ? Errno.None : Libc.LastError;
        if (error == Errno.EPERM)
        {
            descriptor = OpenByDevice(flags);
        }

        opened = descriptor >= 0 ? new Userfaultfd(new SafeFileHandle(descriptor, ownsHandle: true)) : null;
        missing = descriptor >= 0 ? null : MissingFor(error);
        return descriptor >= 0 ? Errno.None : error;
    }

    /// <summary>The handshake, once in a descriptor's life.</summary>
    /// <param name="features">What is asked for; nothing, to ask what there is.</param>
    /// <param name="available">All that the kernel has.</param>
    /// <returns>EINVAL when the kernel lacks a feature that was asked for.</returns>
    internal Errno Enable(UffdFeatures features, out UffdFeatures available)
    {
        var api = new UffdApi { Version = UffdApi.Expected, Features = (ulong)features };
        Errno error = Call(UffdCalls.Api, &api);
        available = (UffdFeatures)api.Features;
        return error;
    }

    /// <summary>From now on each fault of the range is a message: missing, minor and write-protect.</summary>
    /// <returns>EOPNOTSUPP when the memory cannot be served as it must be (it is no mapping of a memory file).</returns>
    internal Errno Register(AddressRange range)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length, Mode = RegisterModes };
        Errno error = Call(UffdCalls.Register, &call);
        return error == Errno.None && (unchecked((ulong)call.Result) & UffdCalls.Needed) != UffdCalls.Needed ? Errno.EOPNOTSUPP : error;
    }

    /// <summary>From now on the kernel serves the faults of the range by itself, as it would any process's; who waits on it goes on.</summary>
    /// <returns>
    /// EINVAL when nothing is mapped there, or a part of the range otherwise; ENOMEM when nothing is mapped from there on, or the process has
    /// ended.
    /// </returns>
    internal Errno Unregister(AddressRange range)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length };
        return Call(UffdCalls.Unregister, &call);
    }

    /// <summary>Maps pages that the memory file has, and wakes those who wait for them.</summary>
    /// <param name="range">Whole pages; all of them in the file.</param>
    /// <param name="mode">Whether stores go through.</param>
    /// <param name="doneBytes">Bytes that are mapped now, from the start of the range on, whatever is answered.</param>
    /// <returns>EEXIST where a page is mapped already; EFAULT where the file has a hole; EAGAIN also when only a part is done.</returns>
    internal Errno Continue(AddressRange range, ContinueMode mode, out ulong doneBytes)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length, Mode = (ulong)mode };
        Errno error = Call(UffdCalls.Continue, &call);
        doneBytes = call.Result > 0 ? (ulong)call.Result : 0;
        return error;
    }

    /// <summary>On return every store to the range faults.</summary>
    internal Errno WriteProtect(AddressRange range)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length, Mode = Protect };
        return Call(UffdCalls.WriteProtect, &call);
    }

    /// <summary>Lifts the write protection, and wakes those who wait on the range.</summary>
    internal Errno Unprotect(AddressRange range)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length };
        return Call(UffdCalls.WriteProtect, &call);
    }

    /// <summary>Lets the threads go on that wait on the range; they try again.</summary>
    internal Errno Wake(AddressRange range)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length };
        return Call(UffdCalls.Wake, &call);
    }

    /// <summary>Makes every access to pages of the range that are not mapped end in SIGBUS, and wakes those who wait on it.</summary>
    /// <returns>EEXIST where a page is mapped.</returns>
    internal Errno Poison(AddressRange range)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length };
        return Call(UffdCalls.Poison, &call);
    }

    /// <summary>Reads the messages that are there, as many as fit.</summary>
    /// <returns>How many were read; 0 when there is none now.</returns>
    /// <exception cref="SvmException">The descriptor cannot be read: the handshake was left out.</exception>
    internal int Read(Span<UffdMessage> messages)
    {
        fixed (UffdMessage* first = messages)
        {
            // SAFETY: the kernel writes whole messages, no more bytes than the span has.
            nint bytes = Libc.Read(_number, first, (nuint)messages.Length * UffdMessage.Size);
            if (bytes >= 0)
            {
                return (int)(bytes / UffdMessage.Size);
            }
        }

        // After a signal the caller polls again, as it does after nothing.
        Errno error = Libc.LastError;
        return error is Errno.EAGAIN or Errno.EINTR ? 0 : throw new SvmException(error, "The messages of a userfaultfd could not be read.");
    }

    /// <summary>Closes the descriptor.</summary>
    public void Dispose() => Descriptor.Dispose();

    private static nint OpenByDevice(nint flags)
    {
        using var device = new SafeFileHandle(Libc.Open("/dev/userfaultfd", ReadAndWrite | Libc.CloseOnExec), ownsHandle: true);

        // SAFETY: this call takes flags in place of a pointer.
        return device.IsInvalid ? -1 : Libc.Ioctl((int)device.DangerousGetHandle(), UffdCalls.New, (void*)flags);
    }

    private static string MissingFor(Errno error) => error switch
    {
        Errno.EPERM => "userfaultfd is not permitted: set vm.unprivileged_userfaultfd to 1, or give access to /dev/userfaultfd",
        Errno.ENOSYS => "the kernel has no userfaultfd: it was built without CONFIG_USERFAULTFD",
        _ => $"userfaultfd was refused ({error})",
    };

    // SAFETY: argument points to a local of the caller with the size that the request names; the descriptor lives until Dispose, which
    // the type's contract orders after every call.
    private Errno Call(uint request, void* argument) => Libc.Ioctl(_number, request, argument) < 0 ? Libc.LastError : Errno.None;
}
