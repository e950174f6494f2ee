using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>A buffer of the app: a memfd, and the frames that it stands behind.</summary>
/// <param name="Id">How the app names it; never used again.</param>
/// <param name="Memory">Its frames.</param>
/// <param name="File">The memfd, sealed against another size.</param>
internal sealed record LiveBuffer(long Id, MemoryObject Memory, SafeFileHandle File)
{
    /// <summary>True once the app has mapped it; without any mapping after that it is of no use to anybody.</summary>
    public bool IsEntered { get; set; }
}
