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

    /// <summary>No such process: it has ended.</summary>
    ESRCH = 3,

    /// <summary>Interrupted by a signal before anything was done.</summary>
    EINTR = 4,

    /// <summary>Input or output error.</summary>
    EIO = 5,

    /// <summary>No such device or address.</summary>
    ENXIO = 6,

    /// <summary>Not an open descriptor.</summary>
    EBADF = 9,

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

    /// <summary>It lies where it cannot be used, and must be moved first.</summary>
    EXDEV = 18,

    /// <summary>No such device.</summary>
    ENODEV = 19,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>The system has no descriptor left.</summary>
    ENFILE = 23,

    /// <summary>The process has no descriptor left.</summary>
    EMFILE = 24,

    /// <summary>No space left.</summary>
    ENOSPC = 28,

    /// <summary>The other end of a socket is closed.</summary>
    EPIPE = 32,

    /// <summary>Result out of range.</summary>
    ERANGE = 34,

    /// <summary>Function not implemented, or switched off.</summary>
    ENOSYS = 38,

    /// <summary>The other end does not keep to the protocol.</summary>
    EPROTO = 71,

    /// <summary>Value too large: a sum passes the 64-bit range.</summary>
    EOVERFLOW = 75,

    /// <summary>The message is too long.</summary>
    EMSGSIZE = 90,

    /// <summary>Operation not supported on this object.</summary>
    EOPNOTSUPP = 95,

    /// <summary>The other end of a socket ended without reading all that was sent.</summary>
    ECONNRESET = 104,

    /// <summary>Timed out.</summary>
    ETIMEDOUT = 110,

    /// <summary>Nobody listens at the address.</summary>
    ECONNREFUSED = 111,

    /// <summary>Cancelled.</summary>
    ECANCELED = 125,

    /// <summary>The process that it belongs to has ended.</summary>
    EOWNERDEAD = 130,

    /// <summary>The bytes of a page are lost: its memory has failed.</summary>
    EHWPOISON = 133,
}
