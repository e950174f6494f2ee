namespace GpuSvm.Mm;

/// <summary>What a CPU seam can do.</summary>
[Flags]
public enum CpuCapabilities
{
    /// <summary>Nothing beyond the plain operations.</summary>
    None = 0,

    /// <summary>Any frame can stand behind any page. Else the frame is fixed by mapping and address (a live process's heap).</summary>
    FreeFrames = 1,

    /// <summary>One zero page can be shared by every page that was only read. Else each gets a zero-filled frame of its own.</summary>
    SharedZeroPage = 2,

    /// <summary>The frames' bytes can be reached directly by a device. Else they are read, taken and given as whole pages.</summary>
    AliasableFrames = 4,
}
