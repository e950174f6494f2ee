using System.Globalization;

namespace GpuSvm.Driver;

/// <summary>The sentence that tells a user why an access of the GPU was cancelled.</summary>
internal static class CancelReason
{
    /// <summary>The reason for an error code.</summary>
    public static string Of(Errno error, in FaultEntry fault) => error switch
    {
        Errno.EFAULT => "nothing is mapped at this address, or it may not be read",
        Errno.EPERM => "the mapping does not allow writing",
        Errno.EINVAL => "the address lies beyond what the GPU translates, or in the window that the client manages",
        Errno.ENOMEM => "no memory was left for the page or for the GPU's page tables",
        Errno.ENXIO => string.Create(CultureInfo.InvariantCulture, $"no process is joined to {fault.Instance}"),
        Errno.EBUSY => "the address space changed too often to catch up within the deadline",
        Errno.EOPNOTSUPP => "an atomic needs its page alone, and this one belongs to a shared mapping",
        Errno.EIO => "the page is mapped with all that the access needs, and the access faults on it again and again",
        _ => "the fault could not be served",
    };
}
