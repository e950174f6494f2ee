namespace GpuSvm.Live;

/// <summary>What a message of a userfaultfd tells.</summary>
/// <remarks>Source: Linux include/uapi/linux/userfaultfd.h, UFFD_EVENT_*.</remarks>
internal enum UffdEvent : byte
{
    /// <summary>A thread waits for a page.</summary>
    PageFault = 0x12,

    /// <summary>The process has forked.</summary>
    Fork = 0x13,

    /// <summary>The process has moved a mapping.</summary>
    Remap = 0x14,

    /// <summary>The process is about to discard pages.</summary>
    Remove = 0x15,

    /// <summary>The process has unmapped pages.</summary>
    Unmap = 0x16,
}
