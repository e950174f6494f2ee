namespace GpuSvm.HmmTests;

/// <summary>What the device may do with a page of its mirror. Source: Linux DPT_XA_TAG_*.</summary>
internal enum MirrorAccess : byte
{
    /// <summary>Read it.</summary>
    Read,

    /// <summary>Read and write it.</summary>
    Write,

    /// <summary>The device has it alone.</summary>
    Atomic,
}
