namespace GpuSvm;

/// <summary>An error code with Linux's name and number; <see cref="None"/> is success.</summary>
/// <remarks>Source: Linux include/uapi/asm-generic/errno-base.h and errno.h.</remarks>
public enum Errno
{
    /// <summary>Success.</summary>
    None = 0,

    /// <summary>Operation not permitted: the mapping does not allow this access.</summary>
    EPERM = 1,

    /// <summary>No such entry: nothing is mapped there.</summary>
    ENOENT = 2,

    /// <summary>Input or output error.</summary>
    EIO = 5,

    /// <summary>No such device or address.</summary>
    ENXIO = 6,

    /// <summary>Try again: a lock is taken and the caller may not wait.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory.</summary>
    ENOMEM = 12,

    /// <summary>Permission denied.</summary>
    EACCES = 13,

    /// <summary>Bad address: no mapping covers it, or it cannot be faulted in.</summary>
    EFAULT = 14,

    /// <summary>Busy: a deadline passed, or the object is in use.</summary>
    EBUSY = 16,

    /// <summary>The object exists already.</summary>
    EEXIST = 17,

    /// <summary>No such device.</summary>
    ENODEV = 19,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>No space left.</summary>
    ENOSPC = 28,

    /// <summary>Result out of range.</summary>
    ERANGE = 34,

    /// <summary>Function not implemented, or switched off.</summary>
    ENOSYS = 38,

    /// <summary>Value too large: a sum passes the 64-bit range.</summary>
    EOVERFLOW = 75,

    /// <summary>Operation not supported on this object.</summary>
    EOPNOTSUPP = 95,

    /// <summary>Timed out.</summary>
    ETIMEDOUT = 110,

    /// <summary>Cancelled.</summary>
    ECANCELED = 125,
}
