using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>One descriptor that <c>poll</c> looks at: the C library's <c>pollfd</c>, 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    /// <summary>There is something to read: <c>POLLIN</c>.</summary>
    internal const short In = 1;

    /// <summary>The descriptor; a negative one is passed over.</summary>
    internal int Descriptor;

    /// <summary>What is asked for.</summary>
    internal short Events;

    /// <summary>What was found, errors and hang-ups included.</summary>
    internal short Found;
}
