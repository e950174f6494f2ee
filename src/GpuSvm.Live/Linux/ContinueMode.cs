namespace GpuSvm.Live;

/// <summary>How <see cref="Userfaultfd.Continue"/> maps pages; the numbers are the kernel's.</summary>
/// <remarks>Source: Linux include/uapi/linux/userfaultfd.h, UFFDIO_CONTINUE_MODE_*.</remarks>
internal enum ContinueMode : ulong
{
    /// <summary>Loads and stores go through.</summary>
    ReadWrite = 0,

    /// <summary>A store faults.</summary>
    WriteProtected = 2,
}
