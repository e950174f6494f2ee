using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>What a ring is made with, and where its parts lie: 120 bytes.</summary>
/// <remarks>Source: Linux include/uapi/linux/io_uring.h, struct io_uring_params with io_sqring_offsets and io_cqring_offsets.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct RingParameters
{
    /// <summary>A thread of the kernel takes what is submitted: IORING_SETUP_SQPOLL.</summary>
    internal const uint Polled = 2;

    /// <summary>Both rings lie in one mapping: IORING_FEAT_SINGLE_MMAP.</summary>
    internal const uint SingleMapping = 1;

    /// <summary>In: places for submissions, a power of two. Out: as given.</summary>
    [FieldOffset(0)]
    internal uint SubmissionEntries;

    /// <summary>Out: places for completions.</summary>
    [FieldOffset(4)]
    internal uint CompletionEntries;

    /// <summary>In: <see cref="Polled"/>.</summary>
    [FieldOffset(8)]
    internal uint Flags;

    /// <summary>In: milliseconds without work after which the kernel's thread sleeps.</summary>
    [FieldOffset(16)]
    internal uint IdleMilliseconds;

    /// <summary>Out: what the kernel can.</summary>
    [FieldOffset(20)]
    internal uint Features;

    /// <summary>Out: where the words of the submission ring lie in its mapping.</summary>
    [FieldOffset(40)]
    internal uint SubmissionHead;

    /// <summary>As above.</summary>
    [FieldOffset(44)]
    internal uint SubmissionTail;

    /// <summary>As above.</summary>
    [FieldOffset(48)]
    internal uint SubmissionMask;

    /// <summary>As above.</summary>
    [FieldOffset(56)]
    internal uint SubmissionFlags;

    /// <summary>As above: indices of submissions, in their order.</summary>
    [FieldOffset(64)]
    internal uint SubmissionArray;

    /// <summary>Out: where the words of the completion ring lie in the same mapping.</summary>
    [FieldOffset(80)]
    internal uint CompletionHead;

    /// <summary>As above.</summary>
    [FieldOffset(84)]
    internal uint CompletionTail;

    /// <summary>As above.</summary>
    [FieldOffset(88)]
    internal uint CompletionMask;

    /// <summary>As above: the completions themselves.</summary>
    [FieldOffset(100)]
    internal uint Completions;
}
